import { describe, expect, it } from '@jest/globals';
import { instrumentsChanged } from '@mystocks/contracts';
import { signToken, waitFor } from '@mystocks/testing';
import { connect, type Socket as TcpSocket } from 'node:net';
import type { Client, Received } from './client.js';
import { useCluster } from './cluster.js';

const { cluster, open } = useCluster();

/** Quote channels of instruments that do not exist; each `from` names others. */
const unknown = (from: number, count = 200): string[] =>
  Array.from({ length: count }, (_, index) => `quote.${400_000 + from * 200 + index}.SH`);

/** How many bus calls were made meanwhile. */
async function callsOf(work: () => Promise<unknown>): Promise<number> {
  const all = (): number => [...cluster().market.shelf.calls.values()].reduce((sum, count) => sum + count, 0);
  const before = all();
  await work();
  return all() - before;
}

const statuses = (answer: Received): unknown[] => [
  ...new Set((answer['results'] as { status: string; code?: number }[]).map(({ status, code }) => code ?? status)),
];

/** Sockets of one user. */
function socketsOf(id: string, count: number): Promise<Client[]> {
  const token = signToken(['user'], { id });
  return Promise.all(Array.from({ length: count }, () => open(0, '/market', { token })));
}

describe('what a subscribe asks of market-data', () => {
  it('what a subscribe asks of market-data is one call for all unknown symbols of a message, and none for those that were unknown a moment ago', async () => {
    const [first, other] = await Promise.all([open(0), open(0)]);
    let answer: Received = {};
    const calls = await callsOf(async () => (answer = await first.ask('subscribe', { channels: unknown(0) })));
    expect(statuses(answer)).toEqual([2101]);
    expect(calls).toBe(1);
    expect(await callsOf(() => other.ask('subscribe', { channels: unknown(0) }))).toBe(0);
  });

  it('what a subscribe asks of market-data is one call for all bars of a message, whatever frames they are of', async () => {
    const client = await open(0);
    const frames = ['1Min', '5Min', '15Min', '30Min', '60Min', '1Day'];
    const symbols = ['600519.SH', '000001.SZ', '000001.SH', '300918.SZ'];
    const channels = frames.flatMap((frame) => symbols.map((symbol) => `bar.${frame}.${symbol}`));
    await client.ask('subscribe', { channels: symbols.map((symbol) => `quote.${symbol}`) });
    let answer: Received = {};
    const calls = await callsOf(async () => (answer = await client.ask('subscribe', { channels })));
    expect(statuses(answer)).toEqual(['subscribed']);
    expect(calls).toBe(1);
  });

  it('asks again for an unknown symbol once instruments have changed', async () => {
    const client = await open(0);
    const channels = ['quote.430001.BJ'];
    expect(statuses(await client.ask('subscribe', { channels }))).toEqual([2101]);
    cluster().market.shelf.symbols.add('430001.BJ');
    cluster().market.bus.publish(instrumentsChanged, { count: 1, lsn: '0/1' });
    await waitFor(async () => statuses(await client.ask('subscribe', { channels })).includes('subscribed'), {
      timeoutMs: 10_000,
      what: 'the new instrument',
    });
  });
});

describe('a user who subscribes too fast', () => {
  it('a user who subscribes too fast is told when to come back, keeps the sockets, and takes nothing away from others', async () => {
    const sockets = await socketsOf('9c1f0e52-70a5-4b39-9d4c-51f4a9ddc001', 10);
    const answers: Received[] = [];
    const calls = await callsOf(async () => {
      const asked = sockets.flatMap((socket, place) =>
        Array.from({ length: 18 }, (_, round) =>
          socket.ask('subscribe', { channels: unknown(1 + place * 18 + round) }),
        ),
      );
      answers.push(...(await Promise.all(asked)));
    });
    const refused = answers.filter(({ ok }) => ok === false);
    for (const one of refused) {
      expect(one).toMatchObject({ code: 6005, retryable: true, retry_after_s: expect.any(Number) });
    }
    // The burst of the user, and what is given back meanwhile, out of 36,000 channels.
    expect(refused.length).toBeGreaterThan(140);
    expect(calls).toBeLessThanOrEqual(40);
    const other = await open(0);
    expect(statuses(await other.ask('subscribe', { channels: ['quote.600519.SH'] }))).toEqual(['subscribed']);
    expect(sockets.every(({ socket }) => socket.connected)).toBe(true);
  });

  it('gets the channels of 20 sockets back at once after a reconnect', async () => {
    const { shelf } = cluster().market;
    const channels = Array.from({ length: 200 }, (_, index) => `bar.1Day.${601_000 + index}.SH`);
    for (const name of channels) shelf.symbols.add(name.slice('bar.1Day.'.length));
    const sockets = await socketsOf('9c1f0e52-70a5-4b39-9d4c-51f4a9ddc002', 20);
    const recover = Object.fromEntries(channels.map((name) => [name, { epoch: 'b1', offset: 1 }]));
    const answers: Received[] = [];
    const calls = await callsOf(async () => {
      answers.push(...(await Promise.all(sockets.map((socket) => socket.ask('subscribe', { channels, recover })))));
    });
    expect(answers.map((answer) => statuses(answer))).toEqual(sockets.map(() => ['subscribed']));
    expect(calls).toBeLessThanOrEqual(24);
  });
});

describe('a refused channel without an acknowledgement', () => {
  it('a refused channel without an acknowledgement is told as an error event with the seconds to wait', async () => {
    const [client] = await socketsOf('9c1f0e52-70a5-4b39-9d4c-51f4a9ddc003', 1);
    for (let round = 0; round < 10; round += 1) client?.socket.emit('subscribe', { channels: unknown(300 + round) });
    await client?.until(() => client.of('error').some(({ code }) => code === 6005), 'the refusal');
    expect(client?.of('error')).toContainEqual(
      expect.objectContaining({ code: 6005, retry_after_s: expect.any(Number), request_id: expect.any(String) }),
    );
  });
});

describe('a connection', () => {
  const handshake = [
    ...['GET /socket.io/?EIO=4&transport=websocket HTTP/1.1', 'host: a', 'connection: upgrade', 'upgrade: websocket'],
    ...['sec-websocket-version: 13', 'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==', '', ''],
  ].join('\r\n');
  /** A text frame of a client, masked with zeros. */
  const frame = (text: string): Buffer => {
    const bytes = Buffer.from(text);
    const length = bytes.length < 126 ? [0x80 | bytes.length] : [0x80 | 126, bytes.length >> 8, bytes.length & 255];
    return Buffer.concat([Buffer.from([0x81, ...length, 0, 0, 0, 0]), bytes]);
  };
  /** A client that reads, but takes no part in closing the connection. */
  const rawClient = async (): Promise<{ readonly tcp: TcpSocket; text: string; isEnded: boolean }> => {
    const { hostname, port } = new URL(cluster().nodes[0].url);
    const tcp = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
    const client = { tcp, text: '', isEnded: false };
    tcp.on('data', (chunk) => (client.text += chunk.toString('latin1'))).on('error', () => undefined);
    tcp.on('end', () => (client.isEnded = true)).on('close', () => (client.isEnded = true));
    tcp.write(handshake);
    await waitFor(() => client.text.includes('pingInterval'), { timeoutMs: 10_000, what: 'the handshake' });
    return client;
  };
  const join = (token: string): Buffer => frame(`40/market,${JSON.stringify({ token })}`);

  it('a connection may try to join ten times, and is closed when it sends hundreds of packets', async () => {
    const client = await rawClient();
    for (let attempt = 0; attempt < 12; attempt += 1) client.tcp.write(join('wrong'));
    const refusals = (code: number): number => client.text.split(`"code":${code}`).length - 1;
    await waitFor(() => refusals(6003) + refusals(6005) === 12, { timeoutMs: 10_000, what: 'the refusals' });
    expect([refusals(6003), refusals(6005)]).toEqual([10, 2]);
    for (let packet = 0; packet < 400; packet += 1) client.tcp.write(frame('40/none,'));
    await waitFor(() => client.isEnded, { timeoutMs: 5_000, what: 'the end' });
    client.tcp.destroy();
  });

  it('ends soon after the server has closed it, also when the client does not answer', async () => {
    const client = await rawClient();
    client.tcp.write(join(signToken(['user'], { lifetimeS: 2 })));
    await waitFor(() => client.text.includes('hello'), { timeoutMs: 10_000, what: 'hello' });
    await waitFor(() => client.isEnded, { timeoutMs: 20_000, what: 'the end' });
    client.tcp.destroy();
  });
});
