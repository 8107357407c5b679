import { describe, expect, it } from '@jest/globals';
import { waitFor } from '@mystocks/testing';
import { metric, useCluster, withFence } from './cluster.js';

const { cluster, open, settled } = useCluster();

describe('channels', () => {
  it('answers a subscribe with what the channels show now', async () => {
    const seq = cluster().market.quote('600519.SH', 1500.1);
    cluster().market.bar('600519.SH', '2024-06-14T09:31:00+08:00', 1500);
    const client = await open(0);
    const answer = await client.ask('subscribe', {
      channels: ['quote.600519', 'bar.1Min.600519.SH', 'bar.1Day.600519.SH'],
    });
    expect(answer).toMatchObject({
      ok: true,
      results: [
        {
          channel: 'quote.600519.SH',
          requested: 'quote.600519',
          status: 'subscribed',
          epoch: 'q1',
          offset: seq,
          recovered: false,
          snapshot: { last: 1500.1 },
        },
        { channel: 'bar.1Min.600519.SH', status: 'subscribed', epoch: 'b1', snapshot: { c: 1500 } },
        { channel: 'bar.1Day.600519.SH', status: 'subscribed', snapshot: null },
      ],
    });
  });

  it('says channel by channel what is wrong with it', async () => {
    const client = await open(0);
    const channels = [
      'quote.000001',
      'quote.999999.SH',
      'trade.600519.SH',
      "quote.600519' or 1=1",
      'bar.1Week.600519.SH',
    ];
    expect(await client.ask('subscribe', { channels })).toMatchObject({
      ok: true,
      results: [
        { channel: 'quote.000001', status: 'error', code: 1107, candidates: ['000001.SZ', '000001.SH'] },
        { status: 'error', code: 2101 },
        { status: 'error', code: 1001 },
        { status: 'error', code: 1001 },
        { status: 'error', code: 1001 },
      ],
    });
  });

  it('tells a client that comes back whether it missed anything', async () => {
    const offset = cluster().market.quote('600519.SH', 1);
    const client = await open(0);
    const ask = (point: object): Promise<unknown> =>
      client.ask('subscribe', { channels: ['quote.600519.SH'], recover: { 'quote.600519.SH': point } });
    expect(await ask({ epoch: 'q1', offset })).toMatchObject({ results: [{ recovered: true }] });
    expect(await ask({ epoch: 'q1', offset: offset - 1 })).toMatchObject({ results: [{ recovered: false }] });
    expect(await ask({ epoch: 'q0', offset })).toMatchObject({ results: [{ recovered: false }] });
  });

  it('brings 300 quotes to the subscribers of both nodes, each once and in order, and none to others', async () => {
    const [a, b, other, gone] = await Promise.all([open(0), open(1), open(0), open(1)]);
    for (const one of [a, b, gone]) await one.ask('subscribe', withFence('quote.600519.SH'));
    await other.ask('subscribe', withFence('quote.000001.SZ'));
    expect(await gone.ask('unsubscribe', { channels: ['quote.600519.SH', 'quote.000001.SZ'] })).toMatchObject({
      ok: true,
      results: [{ status: 'unsubscribed' }, { status: 'not_subscribed' }],
    });
    const sent = Array.from({ length: 300 }, (_, index) => cluster().market.quote('600519.SH', 1500 + index / 100));
    await settled(a, b, other, gone);
    for (const one of [a, b]) {
      const quotes = one.items().filter(({ ch }) => ch === 'quote.600519.SH');
      expect(quotes.map(({ o }) => o)).toEqual(sent);
      expect(quotes.at(-1)).toMatchObject({
        ep: 'q1',
        t: expect.any(Number),
        d: { last: 1502.99, v: sent.at(-1)! * 100 },
      });
      expect(one.of('gap')).toEqual([]);
    }
    for (const one of [other, gone]) expect(one.items().map(({ ch }) => ch)).toEqual(['bar.1Min.300918.SZ']);
    expect(await metric(cluster().nodes[0], 'socketio_rooms_active')).toBe(3);
    expect(await metric(cluster().nodes[0], 'socketio_connections')).toBe(2);
    expect(await metric(cluster().nodes[1], 'socketio_delivery_seconds_count')).toBeGreaterThanOrEqual(300);
  });

  it('tells a gap, and the value now, before anything later', async () => {
    const client = await open(0);
    await client.ask('subscribe', withFence('quote.000001.SZ'));
    const first = cluster().market.quote('000001.SZ', 10);
    cluster().market.quote('000001.SZ', 11, true);
    cluster().market.quote('000001.SZ', 12, true);
    cluster().market.quote('000001.SZ', 13);
    cluster().market.quote('000001.SZ', 14);
    await settled(client);
    expect(client.of('gap')).toEqual([
      { channel: 'quote.000001.SZ', from: first + 1, to: first + 2, reason: 'sequence' },
    ]);
    const story = client.heard.map(({ event }) => event).filter((event) => event !== 'hello');
    expect(story).toEqual(['data', 'gap', 'snapshot', 'data', 'data']);
    expect(client.of('snapshot')).toMatchObject([{ offset: first + 3, snapshot: { last: 13 } }]);
    expect(await metric(cluster().nodes[0], 'socketio_gaps_total')).toBe(1);
  });

  it('gives a conflated subscriber the latest value only', async () => {
    const client = await open(0);
    await client.ask('subscribe', { channels: ['quote.600519.SH'], mode: 'conflate:250' });
    const sent = Array.from({ length: 50 }, (_, index) => cluster().market.quote('600519.SH', 1600 + index));
    await client.until(() => client.items().at(-1)?.o === sent.at(-1), 'the latest value');
    expect(client.items().length).toBeLessThanOrEqual(2);
  });

  it('tells what was missed while the node was cut off from the bus', async () => {
    const client = await open(0);
    await client.ask('subscribe', withFence('quote.600519.SH'));
    const before = cluster().market.quote('600519.SH', 1);
    await settled(client);
    await cluster().nats.kill();
    await waitFor(async () => (await cluster().nodes[0].readiness()).status === 503, {
      timeoutMs: 10_000,
      what: 'not ready',
    });
    cluster().market.quote('600519.SH', 2);
    const last = cluster().market.quote('600519.SH', 3);
    await cluster().nats.restart();
    await client.until(() => client.of('gap').some(({ channel }) => channel === 'quote.600519.SH'), 'the gap', 30_000);
    expect(client.of('gap')).toContainEqual({ channel: 'quote.600519.SH', from: before + 1, to: last, reason: 'bus' });
    expect(client.of('snapshot')).toContainEqual(
      expect.objectContaining({ offset: last, snapshot: expect.objectContaining({ last: 3 }) }),
    );
    await waitFor(() => cluster().market.bus.connected, { timeoutMs: 10_000, what: 'the stand-in on the bus' });
    await waitFor(async () => (await cluster().nodes[1].readiness()).status === 200, {
      timeoutMs: 10_000,
      what: 'ready',
    });
  }, 60_000);
});
