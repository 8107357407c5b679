import { describe, expect, it } from '@jest/globals';
import { waitFor } from '@mystocks/testing';
import { metric, useCluster, withFence } from './cluster.js';

const { cluster, open, settled } = useCluster();

describe('channels', () => {
  it('answers a subscribe with what the channels show now', async () => {
    const seq = cluster().market.quote('600519.SH', 1500.1);
    cluster().market.bar('600519.SH', ['2024-06-14T09:31:00+08:00', 1500]);
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
    const story = client.received.map(({ event }) => event).filter((event) => event !== 'hello');
    expect(story).toEqual(['data', 'gap', 'snapshot', 'data', 'data']);
    expect(client.of('snapshot')).toMatchObject([{ offset: first + 3, snapshot: { last: 13 } }]);
    expect(await metric(cluster().nodes[0], 'socketio_gaps_total')).toBe(1);
  });

  it('brings every bar of a commit to the subscribers of both nodes, in order, and moves the coarser channel', async () => {
    const [a, b, slow] = await Promise.all([open(0), open(1), open(0)]);
    const names = ['bar.1Min.000001.SZ', 'bar.5Min.000001.SZ'];
    for (const one of [a, b]) await one.ask('subscribe', withFence(...names));
    await slow.ask('subscribe', { channels: names.slice(0, 1), mode: 'conflate:100' });
    const at = (minute: number): string => `2018-02-01T09:${minute}:00+08:00`;
    cluster().market.bar('000001.SZ', [at(31), 13.1], [at(32), 13.15], [at(33), 13.16]);
    cluster().market.bar('000001.SZ', [at(34), 13.2]);
    for (const one of [a, b]) {
      // Both wait for what market-data answers: the minute 09:31 may hold rows of the opening auction.
      for (const name of names)
        await one.until(() => one.items().some(({ ch, d }) => ch === name && d.c === 13.2), name);
      const own = one.items().filter(({ ch }) => ch === names[0]);
      expect(own.map(({ d }) => d.c)).toEqual([13.1, 13.15, 13.16, 13.2]);
      expect(own.map(({ o }) => o)).toEqual([...new Set(own.map(({ o }) => o))].sort((x, y) => x - y));
      expect(one.of('gap')).toEqual([]);
      const last = own.at(-1)!.o;
      const again = { channels: [names[0]], recover: { [names[0]!]: { epoch: 'b1', offset: last } } };
      expect(await one.ask('subscribe', again)).toMatchObject({ results: [{ recovered: true }] });
      const behind = { channels: [names[0]], recover: { [names[0]!]: { epoch: 'b1', offset: own[1]!.o } } };
      expect(await one.ask('subscribe', behind)).toMatchObject({ results: [{ recovered: false }] });
    }
    await slow.until(() => slow.items().length >= 4, 'every bar, each with its latest value');
    expect(slow.items().map(({ d }) => d.c)).toEqual([13.1, 13.15, 13.16, 13.2]);
  });

  it('makes the running bar of a minute from quotes while no feed brings bars', async () => {
    const client = await open(0);
    await client.ask('subscribe', { channels: ['bar.1Min.000001.SH'] });
    cluster().market.quote('000001.SH', 3_000.5);
    cluster().market.quote('000001.SH', 2_999);
    await client.until(() => client.items().length === 2, 'two values of the running bar');
    expect(client.items().map(({ d }) => d)).toEqual([
      { t: '2024-06-14T10:01:00+08:00', o: 3000.5, h: 3000.5, l: 3000.5, c: 3000.5, partial: true },
      { t: '2024-06-14T10:01:00+08:00', o: 3000.5, h: 3000.5, l: 2999, c: 2999, partial: true },
    ]);
    cluster().market.bar('000001.SH', ['2024-06-14T10:01:00+08:00', 3_001]);
    cluster().market.quote('000001.SH', 2_998);
    await client.ask('subscribe', withFence());
    await settled(client);
    const values = client.items().filter(({ ch }) => ch === 'bar.1Min.000001.SH');
    expect(values.map(({ d }) => d.c)).toEqual([3000.5, 2999, 3001]);
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
    await client.until(() => client.of('snapshot').length > 0, 'the gap with its snapshot', 30_000);
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
