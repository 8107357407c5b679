import { describe, expect, it } from '@jest/globals';
import { instrumentsChanged } from '@mystocks/contracts';
import { signToken, waitFor } from '@mystocks/testing';
import type { Client, Heard } from './client.js';
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

const statuses = (answer: Heard): unknown[] => [
  ...new Set((answer['results'] as { status: string; code?: number }[]).map(({ status, code }) => code ?? status)),
];

/** Sockets of one user. */
function socketsOf(id: string, count: number): Promise<Client[]> {
  const token = signToken(['user'], { id });
  return Promise.all(Array.from({ length: count }, () => open(0, '/market', { token })));
}

describe('what a subscribe asks of market-data', () => {
  it('is one call for all unknown symbols of a message, and none for those that were unknown a moment ago', async () => {
    const [first, other] = await Promise.all([open(0), open(0)]);
    let answer: Heard = {};
    const calls = await callsOf(async () => (answer = await first.ask('subscribe', { channels: unknown(0) })));
    expect(statuses(answer)).toEqual([2101]);
    expect(calls).toBe(1);
    expect(await callsOf(() => other.ask('subscribe', { channels: unknown(0) }))).toBe(0);
  });

  it('is one call for all bars of a message, whatever frames they are of', async () => {
    const client = await open(0);
    const frames = ['1Min', '5Min', '15Min', '30Min', '60Min', '1Day'];
    const symbols = ['600519.SH', '000001.SZ', '000001.SH', '300918.SZ'];
    const channels = frames.flatMap((frame) => symbols.map((symbol) => `bar.${frame}.${symbol}`));
    await client.ask('subscribe', { channels: symbols.map((symbol) => `quote.${symbol}`) });
    let answer: Heard = {};
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
      timeoutMs: 2_000,
      what: 'the new instrument',
    });
  });
});

describe('a user who subscribes too fast', () => {
  it('is told when to come back, keeps the sockets, and takes nothing away from others', async () => {
    const sockets = await socketsOf('9c1f0e52-70a5-4b39-9d4c-51f4a9ddc001', 10);
    const answers: Heard[] = [];
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
    const answers: Heard[] = [];
    const calls = await callsOf(async () => {
      answers.push(...(await Promise.all(sockets.map((socket) => socket.ask('subscribe', { channels, recover })))));
    });
    expect(answers.map((answer) => statuses(answer))).toEqual(sockets.map(() => ['subscribed']));
    expect(calls).toBeLessThanOrEqual(24);
  });
});

describe('a refused channel without an acknowledgement', () => {
  it('is told as an error event with the seconds to wait', async () => {
    const [client] = await socketsOf('9c1f0e52-70a5-4b39-9d4c-51f4a9ddc003', 1);
    for (let round = 0; round < 10; round += 1) client?.socket.emit('subscribe', { channels: unknown(300 + round) });
    await client?.until(() => client.of('error').some(({ code }) => code === 6005), 'the refusal');
    expect(client?.of('error')).toContainEqual(
      expect.objectContaining({ code: 6005, retry_after_s: expect.any(Number), request_id: expect.any(String) }),
    );
  });
});
