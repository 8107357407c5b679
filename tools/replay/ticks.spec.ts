import { describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { outcomeOf } from './feed.ts';
import { dueMs, Stamper } from './pace.ts';
import { asSimulated, columnsOf, readTicks, toTick, type ReplayQuote } from './ticks.ts';
import { recordedData } from '@mystocks/testing';

const header =
  'code,exchange,datetime,pre_close,open,high,low,last,cum_volume,cum_amount,bid1,bid1_qty,bid2,bid2_qty,bid3,bid3_qty,bid4,bid4_qty,bid5,bid5_qty,ask1,ask1_qty,ask2,ask2_qty,ask3,ask3_qty,ask4,ask4_qty,ask5,ask5_qty';
const columns = columnsOf(header);
const auction =
  '300918,SZSE,2022-06-01 09:16:42.000,8.18,0,0,0,0,0,0,8.26,100,0,0,0,0,0,0,0,0,8.26,100,0,400,0,0,0,0,0,0';
const open =
  '300918,SZSE,2022-06-01 13:33:00.000,8.18,8.15,8.3,8.12,8.21,1865000,15404185,8.2,13200,8.18,5200,8.17,100,8.16,9000,8.15,8100,8.22,5900,8.23,3100,8.24,8900,8.25,16400,8.26,22000';

describe('toTick', () => {
  it('leaves out prices that were not formed yet and levels without a price', () => {
    expect(toTick(auction, columns).quote).toEqual({
      symbol: '300918.SZ',
      t: '2022-06-01T09:16:42.000+08:00',
      prev_close: 8.18,
      v: 0,
      amt: 0,
      bids: [{ p: 8.26, s: 100 }],
      asks: [{ p: 8.26, s: 100 }],
    });
  });

  it('reads a tick of the continuous session whole', () => {
    const { atMs, quote } = toTick(open, columns);
    expect(atMs).toBe(Date.parse('2022-06-01T05:33:00Z'));
    expect(quote).toMatchObject({
      last: 8.21,
      open: 8.15,
      high: 8.3,
      low: 8.12,
      prev_close: 8.18,
      v: 1865000,
      amt: 15404185,
    });
    expect(quote.bids).toHaveLength(5);
    expect(quote.asks.at(-1)).toEqual({ p: 8.26, s: 22000 });
  });

  it('keeps the microseconds of a stamp and cuts what lies behind them', () => {
    const stamped = (fraction: string): string =>
      toTick(open.replace('33:00.000', `33:00${fraction}`), columns).quote.t;
    expect(['', '.5', '.123456', '.1234567'].map(stamped)).toEqual([
      '2022-06-01T13:33:00.000+08:00',
      '2022-06-01T13:33:00.500+08:00',
      '2022-06-01T13:33:00.123456+08:00',
      '2022-06-01T13:33:00.123456+08:00',
    ]);
  });

  it.each([
    '300918,SZSE',
    auction.replace('300918', '9x'),
    auction.replace('SZSE', 'NYSE'),
    auction.replace('8.18', 'n/a'),
    auction.replace('2022-06-01 09', 'x'),
  ])('refuses %j', (line) => {
    expect(() => toTick(line, columns)).toThrow();
  });

  it('names the columns a file lacks', () => {
    expect(() => columnsOf('code,date,open')).toThrow('exchange, datetime, last, cum_volume, cum_amount');
  });
});

describe('the pace', () => {
  const [first, last] = [toTick(auction, columns), toTick(open, columns)];
  const ends = { first, last };

  it('keeps the recorded distances, N times faster', () => {
    expect(dueMs(last, first, { speed: 10, now: false, startMs: 1_000 })).toBe(1_000 + (last.atMs - first.atMs) / 10);
    expect(dueMs(last, first, { speed: 0, now: false, startMs: 1_000 })).toBe(1_000);
  });

  it('keeps the recorded time unless told to stamp anew, and then says simulated', () => {
    const startMs = Date.parse('2026-01-05T01:30:00Z');
    const quoteOf = (tick: typeof first, speed: number, now: boolean): ReplayQuote =>
      new Stamper(ends, { speed, now, startMs }).quoteOf(tick);
    expect(quoteOf(first, 10, false)).toBe(first.quote);
    expect(quoteOf(first, 10, true)).toEqual(asSimulated(first.quote, startMs));
    expect(quoteOf(first, 10, true)).toMatchObject({ t: '2026-01-05T09:30:00.000+08:00', simulated: true });
    expect(Date.parse(quoteOf(last, 0, true).t)).toBe(startMs);
  });

  it('keeps the quotes of a symbol a millisecond apart, however fast it goes', () => {
    const stamper = new Stamper(ends, { speed: 1e12, now: true, startMs: 1_000 });
    expect([first, last, last].map((tick) => Date.parse(stamper.quoteOf(tick).t))).toEqual([1_000, 1_001, 1_002]);
  });
});

describe('the report', () => {
  it('counts items by what became of them', () => {
    const items = [201, 200, 409, 404, 422].map((status) => ({ id: `q${status}`, status, error: { message: 'no' } }));
    expect(outcomeOf(items)).toEqual({ stored: 1, unchanged: 1, older: 1, refused: 2, reason: 'q404: no' });
  });
});

const file = fileURLToPath(new URL('cn_tick_l2_20220601_szse.csv.gz', recordedData));
(existsSync(file) ? describe : describe.skip)('a real recording', () => {
  it('comes out whole and in the order of time, without a single zero price', async () => {
    const ticks = await readTicks(file);
    expect(ticks).toHaveLength(12_651);
    expect(ticks.every((tick, index) => index === 0 || tick.atMs >= (ticks[index - 1]?.atMs ?? 0))).toBe(true);
    const prices = ticks.flatMap(({ quote }) => [
      quote.last ?? 1,
      quote.open ?? 1,
      ...[...quote.bids, ...quote.asks].map(({ p }) => p),
    ]);
    expect(prices.every((price) => price > 0)).toBe(true);
  });
});
