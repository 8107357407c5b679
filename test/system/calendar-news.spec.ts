import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  barsChanged,
  instrumentsChanged,
  latestQuotes,
  listBars,
  listManyBars,
  quoteChanged,
  snapshots,
  type Answer,
  type Call,
} from '@mystocks/contracts';
import { FakeBus } from '@mystocks/testing';
import { openTwoTiers } from './two-tiers.js';
import { chinaText, movingStretches, VirtualMarket } from './virtual-market.js';

const SATURDAY = Date.parse('2024-06-15T12:00:00+08:00');
const tradingDays = ['2024-06-12', '2024-06-13', '2024-06-14', '2024-06-17'];
const symbol = '600519.SH';
const many = { timeframe: '1Day', adjustment: 'raw', limit: 250, sort: 'desc' };
const bars = { ...many, symbol };

const questions: Readonly<Record<string, readonly [Call<object, Answer>, object]>> = {
  quote: [latestQuotes, { symbols: [symbol] }],
  snapshot: [snapshots, { symbols: [symbol] }],
  bars: [listBars, bars],
  history: [listBars, { ...bars, end: '2024-06-12' }],
  'bars of many': [listManyBars, { ...many, symbols: ['000001.SZ', symbol] }],
  'bars by code': [listBars, { ...bars, symbol: '600519' }],
  'another quote': [latestQuotes, { symbols: ['000001.SZ'] }],
  'another history': [listBars, { ...bars, symbol: '000001.SZ', end: '2024-06-12' }],
};

// Everything is kept until Monday 09:15, or for a year: only an event can make it stale before.
describe('on a Saturday', () => {
  let bus: FakeBus;
  let market: VirtualMarket;
  let client: ReturnType<typeof openTwoTiers>;

  beforeEach(async () => {
    market = new VirtualMarket(tradingDays, movingStretches(tradingDays));
    market.nowMs = SATURDAY - 10_000;
    bus = new FakeBus();
    market.answerOn(bus);
    client = openTwoTiers(bus, market.clock);
    market.nowMs = SATURDAY;
    expect(await askedAnew()).toEqual(Object.keys(questions));
    expect(await askedAnew()).toEqual([]);
  });

  /** Reads everything; the questions that reached the owner. */
  async function askedAnew(): Promise<string[]> {
    const anew: string[] = [];
    for (const [name, [call, request]] of Object.entries(questions)) {
      const before = market.asked.length;
      await client.read(call, request);
      if (market.asked.length > before) anew.push(name);
    }
    return anew;
  }

  const received = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const when = { received_at_ms: SATURDAY, lsn: '0/10' };

  it('a quote that comes late is asked for once, and no bars with it', async () => {
    bus.publish(quoteChanged, { quote: { symbol, t: `${chinaText(SATURDAY)}+08:00`, last: 1 }, seq: 1, ...when });
    await received();
    expect(await askedAnew()).toEqual(['quote', 'snapshot']);
    expect(await askedAnew()).toEqual([]);
  });

  it('a correction of bars is asked for once, in closed history too, and no quote with it', async () => {
    const days = { timeframe: '1Day' as const, from: '2024-06-12', to: '2024-06-12' };
    const bar = { t: '2024-06-12T00:00:00+08:00', o: 1, h: 1, l: 1, c: 1, v: 1 };
    bus.publish(barsChanged, { symbol, ...days, bar, ...when });
    await received();
    expect(await askedAnew()).toEqual(['snapshot', 'bars', 'history', 'bars of many', 'bars by code']);
    expect(await askedAnew()).toEqual([]);
  });

  it('a new instrument may share a bare code: what was asked by it is asked again', async () => {
    bus.publish(instrumentsChanged, { count: 1, lsn: '0/10' });
    await received();
    expect(await askedAnew()).toEqual(['bars by code']);
    expect(await askedAnew()).toEqual([]);
  });

  it('nothing is asked again before Monday 09:15, and then all but closed history', async () => {
    market.nowMs = Date.parse('2024-06-17T09:14:59.999+08:00');
    expect(await askedAnew()).toEqual([]);
    market.nowMs += 1;
    expect(await askedAnew()).toEqual(Object.keys(questions).filter((name) => !name.includes('history')));
  });
});
