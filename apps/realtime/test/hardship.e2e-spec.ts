import { describe, expect, it } from '@jest/globals';
import { signToken, startService, waitFor } from '@mystocks/testing';
import { connect } from 'node:net';
import { io } from 'socket.io-client';
import { useCluster, withFence } from './cluster.js';

const { cluster, open } = useCluster();

describe('bad messages', () => {
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a list', []],
    ['channels as text', { channels: 'quote.600519.SH' }],
    ['201 channels', { channels: Array.from({ length: 201 }, (_, index) => `quote.${600_000 + index}`) }],
    ['an unknown field', { channels: [], extra: 1 }],
    ['an unknown mode', { channels: ['quote.600519.SH'], mode: 'conflate:1' }],
    ['a broken recovery point', { channels: [], recover: { a: { epoch: 1 } } }],
    ['a recovery list', { channels: [], recover: [1] }],
    ['a prototype', JSON.parse('{"channels":[],"__proto__":{"a":1}}')],
  ])('answers invalid to %s', async (_what, payload) => {
    const client = await open(0);
    expect(await client.ask('subscribe', payload)).toMatchObject({
      ok: false,
      code: 1001,
      request_id: expect.any(String),
    });
  });

  it('answers unknown events, and events without acknowledgement, with an error event', async () => {
    const client = await open(0);
    expect(await client.ask('drop table')).toMatchObject({ ok: false, code: 1001 });
    client.socket.emit('subscribe', 7);
    await client.until(() => client.of('error').length > 0, 'the error');
    expect(client.of('error')).toMatchObject([{ code: 1001, title: 'VALIDATION_ERROR' }]);
  });

  it('answers a subscribe without acknowledgement with an error event for each channel that is refused', async () => {
    const client = await open(0);
    client.socket.emit('subscribe', { channels: ['quote.600519.SH', 'quote.999999.SH'] });
    client.socket.emit('subscribe', { channels: ['nonsense'] });
    client.socket.emit('auth.refresh', { token: 'x' });
    client.socket.emit('unsubscribe', {});
    await client.until(() => client.of('error').length === 4, 'four errors');
    expect(client.of('error')).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ channel: 'quote.999999.SH', code: 2101, request_id: expect.any(String) }),
        expect.objectContaining({ channel: 'nonsense', code: 1001, title: 'VALIDATION_ERROR' }),
        expect.objectContaining({ code: 6003 }),
        expect.objectContaining({ code: 1001, message: expect.stringContaining('/channels') }),
      ]),
    );
  });

  it('acknowledges a subscribe to 200 channels with a recovery point for each', async () => {
    const client = await open(0);
    const channels = Array.from({ length: 200 }, (_, index) => `bar.60Min.${600_000 + index}.XSHG`);
    const recover = Object.fromEntries(channels.map((name) => [name, { epoch: 'b1', offset: 21_474_836_480 }]));
    const answer = await client.ask('subscribe', { channels, recover });
    expect(answer).toMatchObject({ ok: true });
    expect(answer['results']).toHaveLength(200);
  });

  it('refuses a flood and ends it', async () => {
    const client = await open(0);
    for (let index = 0; index < 300; index += 1) client.socket.emit('ping');
    await client.until(() => !client.socket.connected, 'the end of the flood');
    expect(client.of('error')).toContainEqual(expect.objectContaining({ code: 6005 }));
  });

  it('survives raw garbage on the wire', async () => {
    const token = signToken(['user']);
    const frames = [
      '40/market,{',
      '42/market,["subscribe"',
      '42[',
      '451-["x",{"_placeholder":true,"num":9}]',
      '49',
      '4',
      '\u0000',
      'x'.repeat(200_000),
    ];
    await Promise.all(
      frames.map(
        (frame) =>
          new Promise<void>((done) => {
            const socket = new WebSocket(
              `${cluster().nodes[0].url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`,
            );
            socket.onopen = () => {
              socket.send(`40/market,${JSON.stringify({ token })}`);
              socket.send(frame);
              socket.close();
            };
            socket.onclose = () => {
              done();
            };
            socket.onerror = () => {
              done();
            };
          }),
      ),
    );
    await new Promise<void>((done) => {
      const raw = connect(Number(new URL(cluster().nodes[0].url).port), '127.0.0.1', () =>
        raw.end('\u0000\u0001GET nonsense\r\n\r\n'),
      );
      raw
        .on('close', () => {
          done();
        })
        .resume();
    });
    expect(await (await open(0)).ask('ping')).toMatchObject({ ok: true });
    expect((await cluster().nodes[0].readiness()).status).toBe(200);
  });
});

describe('without Redis', () => {
  it('goes on serving quotes, says redis, and heals by itself', async () => {
    const [client, old] = await Promise.all([open(0), open(1, '/')]);
    await client.ask('subscribe', withFence('quote.600519.SH'));
    old.socket.emit('subscribe', { room: 'market_600519.SH' });
    await old.until(() => old.of('subscribed').length > 0, 'the room');
    await cluster().redis.kill();
    const ready = (): Promise<{ status: number; body: unknown }> => cluster().nodes[0].readiness();
    await waitFor(async () => (await ready()).status === 503, { timeoutMs: 10_000, what: 'not ready' });
    expect(JSON.stringify((await ready()).body)).toContain('redis');
    const another = await open(0, '/');
    another.socket.emit('subscribe', { room: 'market_600519.SH' });
    await another.until(() => another.of('subscribed').length > 0, 'a room of one node');
    const seq = cluster().market.quote('600519.SH', 1800);
    await client.until(() => client.items().some(({ o, ch }) => ch === 'quote.600519.SH' && o === seq), 'a quote');
    await cluster().redis.restart();
    for (const one of cluster().nodes) {
      await waitFor(async () => (await one.readiness()).status === 200, { timeoutMs: 15_000, what: 'ready again' });
    }
    another.socket.emit('unsubscribe', { room: 'market_600519.SH' });
    await old.until(() => old.of('room_member_left').length > 0, 'an event from the other node');
    expect(old.of('room_member_joined')).toEqual([]);
  }, 40_000);
});

describe('going down', () => {
  it('tells clients, who then find another node', async () => {
    const env = { NATS_URL: cluster().nats.url, REDIS_URL: cluster().redis.url };
    const third = await startService('realtime', env);
    const socket = io(`${third.url}/market`, {
      auth: { token: signToken(['user']) },
      transports: ['websocket'],
      reconnection: false,
    });
    const draining = new Promise<Record<string, unknown>>((resolve) => socket.once('server.draining', resolve));
    const closed = new Promise<string>((resolve) => socket.once('disconnect', resolve));
    await new Promise((resolve) => socket.once('hello', resolve));
    await third.stop();
    expect(await draining).toMatchObject({ retry_after_ms: expect.any(Number) });
    // A client library that hears this reason connects again by itself.
    expect(await closed).toBe('transport close');
  }, 30_000);
});
