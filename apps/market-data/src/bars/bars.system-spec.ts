import { existsSync } from 'node:fs';
import type { Answer, ListBarsRequest, ListManyBarsRequest } from '@mystocks/contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { dataLines, startMarket, storeDays, storeMinutes, type Market } from '../../test/stored-market.js';
import { BarsRepository } from './bars.repository.js';
import { BarsService } from './bars.service.js';
import { sessionBin } from './session-bin.js';

const DATA = new URL('../../../../../shared/data/', import.meta.url);
const NOW = Date.parse('2024-09-19T10:00:00+08:00');

interface WireBar {
  readonly t: string;
  readonly o: number;
  readonly h: number;
  readonly l: number;
  readonly c: number;
  readonly v: number;
  readonly amt: number | null;
}
interface Page<Bars> {
  readonly symbol: string;
  readonly bars: Bars;
  readonly next_page_token: string | null;
  readonly meta: Readonly<Record<string, unknown>>;
}
type Ask = Partial<ListBarsRequest> & { readonly symbol: string };
type AskMany = Partial<ListManyBarsRequest> & { readonly symbols: string[] };

const defaults = { timeframe: '1Day', adjustment: 'raw', limit: 1_000, sort: 'asc' } as const;
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

let market: Market;
let bars: BarsService;

const answer = (ask: Ask): Promise<Answer> => bars.list({ ...defaults, ...ask });
const page = async (ask: Ask): Promise<Page<WireBar[]>> =>
  JSON.parse((await answer(ask)).body.toString()) as Page<WireBar[]>;
const many = async (ask: AskMany): Promise<Page<Record<string, WireBar[]>>> =>
  JSON.parse((await bars.listMany({ ...defaults, ...ask })).body.toString()) as Page<Record<string, WireBar[]>>;

async function everyPage(ask: Ask): Promise<WireBar[]> {
  const all: WireBar[] = [];
  for (let token: string | undefined; ;) {
    const one = await page({ ...ask, ...(token === undefined ? {} : { page_token: token }) });
    expect(one.bars.length).toBeLessThanOrEqual(ask.limit ?? 1_000);
    all.push(...one.bars);
    if (one.next_page_token === null) return all;
    token = one.next_page_token;
  }
}

beforeAll(async () => {
  market = await startMarket();
  bars = new BarsService(market.directory, new BarsRepository(market.pool), { now: () => NOW });
}, 60_000);
afterAll(() => market.stop());

(existsSync(DATA) ? describe : describe.skip)('bars of real files (skipped where ../shared/data is not here)', () => {
  const codes = 20;
  let lines: string[][];
  let minuteLines: string[][];

  beforeAll(async () => {
    const daily = dataLines('cn_daily_raw_2020_2023.csv.gz');
    const wanted = new Set([...new Set(daily.map((line) => line.slice(0, 6)))].slice(0, codes));
    const kept = daily.filter((line) => wanted.has(line.slice(0, 6)));
    await storeDays(market, kept);
    lines = kept.map((line) => line.split(','));
    const minutes = dataLines('cn_min1_raw_hqchart_2024.csv.gz');
    await storeMinutes(market, 1, minutes);
    minuteLines = minutes.map((line) => line.split(','));
  }, 60_000);

  const symbolOf = ([code = '', exchange = '']: readonly string[]): string =>
    `${code.slice(-6)}.${exchange === 'SSE' ? 'SH' : 'SZ'}`;
  const bySymbol = (rows: readonly string[][]): Map<string, string[][]> => {
    const groups = new Map<string, string[][]>();
    for (const row of rows) {
      const group = groups.get(symbolOf(row));
      if (group === undefined) groups.set(symbolOf(row), [row]);
      else group.push(row);
    }
    return groups;
  };

  it('read back equal to every line, raw', async () => {
    for (const [symbol, rows] of bySymbol(lines)) {
      const expected = rows.map(([, , date, o, h, l, c, , v, amt]) => ({
        t: `${date ?? ''}T00:00:00+08:00`,
        ...{ o: Number(o), h: Number(h), l: Number(l), c: Number(c), v: Number(v) },
        amt: amt === '' ? null : Number(amt),
      }));
      expect((await page({ symbol })).bars).toEqual(expected);
    }
  });

  it('are multiplied by their factor, and by their factor over the last one, to 4 decimals', async () => {
    for (const [symbol, rows] of bySymbol(lines)) {
      // Prices have 2 to 3 decimals and factors 6: exact integers, rounded half away from zero as numeric does.
      const scaled = (text: string | undefined): bigint => BigInt(Math.round(Number(text) * 1e6));
      const rounded = (up: bigint, down: bigint): number => Number((2n * up + down) / (2n * down)) / 1e4;
      const last = scaled(rows.at(-1)?.[14]);
      const prices = (row: readonly string[], by: (price: bigint, factor: bigint) => number): number[] =>
        [3, 4, 5, 6].map((column) => by(scaled(row[column]), scaled(row[14])));
      const hfq = rows.map((row) => prices(row, (price, factor) => rounded(price * factor, 10n ** 8n)));
      const qfq = rows.map((row) => prices(row, (price, factor) => rounded(price * factor, last * 100n)));
      const read = async (adjustment: 'hfq' | 'qfq'): Promise<number[][]> =>
        (await page({ symbol, adjustment })).bars.map(({ o, h, l, c }) => [o, h, l, c]);
      expect(await read('hfq')).toEqual(hfq);
      expect(await read('qfq')).toEqual(qfq);
    }
  });

  it('stand at a point in time as they were known then', async () => {
    const asof = '2021-06-15';
    const [symbol = '', rows = []] = [...bySymbol(lines)][0] ?? [];
    const known = rows.filter(([, , date = '']) => date <= asof);
    const { bars: read } = await page({ symbol, adjustment: 'qfq', asof });
    expect(read).toHaveLength(known.length);
    expect(read.at(-1)?.c).toBe(Number(known.at(-1)?.[6]));
  });

  it.each(['asc', 'desc'] as const)('page without a gap, a repetition or a cut week, %s', async (sort) => {
    const symbol = symbolOf(lines[0] ?? []);
    for (const timeframe of ['1Day', '1Week', '1Month'] as const) {
      const whole = await page({ symbol, timeframe, sort, limit: 10_000 });
      expect(whole.next_page_token).toBeNull();
      for (const limit of [1, 7, 100]) {
        if (limit === 1 && timeframe === '1Day') continue;
        expect(await everyPage({ symbol, timeframe, sort, limit })).toEqual(whole.bars);
      }
    }
  });

  it('make weeks and months that lose no share and span their days', async () => {
    const symbol = symbolOf(lines[0] ?? []);
    const { bars: days } = await page({ symbol });
    for (const timeframe of ['1Week', '1Month'] as const) {
      const { bars: periods } = await page({ symbol, timeframe });
      expect(sum(periods.map(({ v }) => v))).toBe(sum(days.map(({ v }) => v)));
      let index = 0;
      for (const period of periods) {
        const until = days.findIndex(({ t }) => t === period.t) + 1;
        const inside = days.slice(index, until);
        index = until;
        expect(period).toMatchObject({
          o: inside[0]?.o,
          c: inside.at(-1)?.c,
          h: Math.max(...inside.map(({ h }) => h)),
          l: Math.min(...inside.map(({ l }) => l)),
        });
      }
    }
  });

  it('keep 240 one-minute bars a day and 4 of an hour, none across lunch, no share lost', async () => {
    for (const [symbol, rows] of bySymbol(minuteLines)) {
      const minutes = await everyPage({ symbol, timeframe: '1Min', limit: 10_000 });
      expect(minutes.map(({ t, o, h, l, c, v, amt }) => [t.slice(0, 10), t.slice(11, 19), o, h, l, c, v, amt])).toEqual(
        rows.map(([, , date, time, ...values]) => [date, time, ...values.map(Number)]),
      );
      const hours = await everyPage({ symbol, timeframe: '60Min', limit: 50 });
      const days = new Set(rows.map((row) => row[2]));
      expect(minutes).toHaveLength(240 * days.size);
      expect(hours).toHaveLength(4 * days.size);
      expect([...new Set(hours.map(({ t }) => t.slice(11, 16)))].sort()).toEqual(['10:30', '11:30', '14:00', '15:00']);
      expect(sum(hours.map(({ v }) => v))).toBe(sum(minutes.map(({ v }) => v)));
      for (const timeframe of ['5Min', '15Min', '30Min'] as const) {
        const binned = await everyPage({ symbol, timeframe, limit: 10_000, start: '2024-06-14', end: '2024-06-14' });
        expect(binned).toHaveLength(240 / Number(timeframe.slice(0, -3)));
        expect(sum(binned.map(({ v }) => v))).toBe(sum(minutes.slice(0, 240).map(({ v }) => v)));
      }
    }
  });

  it.each(['asc', 'desc'] as const)('page bins of any size without a cut one, %s', async (sort) => {
    const ask = { symbol: '600000.SH', start: '2024-06-14', end: '2024-06-19', sort } as const;
    for (const timeframe of ['5Min', '60Min'] as const) {
      const whole = await page({ ...ask, timeframe, limit: 10_000 });
      for (const limit of [1, 3]) expect(await everyPage({ ...ask, timeframe, limit })).toEqual(whole.bars);
    }
  });

  it('answer several symbols by their canonical names and page them to the same end', async () => {
    const symbols = [...bySymbol(lines).keys()].slice(0, 3);
    const whole = await many({ symbols: [`SZ${symbols[0]?.slice(0, 6) ?? ''}`, ...symbols.slice(1)] });
    expect(Object.keys(whole.bars)).toEqual(symbols);
    const merged: Record<string, WireBar[]> = Object.fromEntries(symbols.map((symbol) => [symbol, []]));
    for (let token: string | null | undefined; token !== null;) {
      const one = await many({ symbols, limit: 300, ...(token === undefined ? {} : { page_token: token }) });
      for (const symbol of symbols) merged[symbol]?.push(...(one.bars[symbol] ?? []));
      token = one.next_page_token;
    }
    expect(merged).toEqual(whole.bars);
  });

  it('say what they are, and are empty where nothing is stored', async () => {
    const symbol = symbolOf(lines[0] ?? []);
    const read = await page({ symbol, adjustment: 'hfq', end: '2023-12-29' });
    expect(read.meta).toEqual({
      ...{ timeframe: '1Day', adjustment: 'hfq', currency: 'CNY', source: 'stored', quality: 'eod' },
      as_of: '2023-12-29T00:00:00+08:00',
    });
    const empty = await page({ symbol, start: '2010-01-01', end: '2010-12-31', adjustment: 'qfq' });
    expect(empty).toMatchObject({ symbol, bars: [], next_page_token: null, meta: { quality: null, as_of: null } });
    expect(
      (
        await page({
          symbol: '600000.SH',
          timeframe: '1Min',
          start: '2024-06-14T01:31:00Z',
          end: '2024-06-14T09:33:00+08:00',
        })
      ).bars,
    ).toHaveLength(3);
    const history = await answer({ symbol, end: '2023-12-29' });
    expect([history.ttl_ms, (await answer({ symbol })).ttl_ms]).toEqual([3_600_000, 60_000]);
    expect(history.etag).toBe((await answer({ symbol, end: '2023-12-29' })).etag);
    expect(history.tags).toEqual([symbol]);
  });

  it('are refused by name where they cannot be', async () => {
    const symbol = symbolOf(lines[0] ?? []);
    const first = await page({ symbol, limit: 10 });
    const page_token = first.next_page_token ?? '';
    await expect(answer({ symbol, adjustment: 'qfq', page_token })).rejects.toMatchObject({ code: 'invalid' });
    await expect(answer({ symbol, start: '2023-01-02', end: '2023-01-01' })).rejects.toMatchObject({
      problem: 'DATE_RANGE_INVALID',
    });
    await expect(answer({ symbol: '999999.SH' })).rejects.toMatchObject({ code: 'not_found' });
    await expect(answer({ symbol: '000001' })).rejects.toMatchObject({ problem: 'SYMBOL_AMBIGUOUS' });
    await expect(many({ symbols: [symbol, '999999.SH', '888888.SZ'] })).rejects.toThrow('999999.SH, 888888.SZ');
    await expect(answer({ symbol: '600000.SH', timeframe: '1Min', adjustment: 'hfq' })).rejects.toMatchObject({
      problem: 'KLINE_ADJUST_INVALID',
    });
    expect((await page({ symbol: '000001.SH', timeframe: '1Min', adjustment: 'hfq', limit: 1 })).bars).toHaveLength(1);
  });
});

describe('bins of a trading day', () => {
  it('are the same in SQL and in sessionBin for every minute there is', async () => {
    const minutes = Array.from({ length: 1_440 }, (_, minute) => minute);
    const time = (minute: number): string =>
      `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}:00`;
    await storeMinutes(
      market,
      1,
      minutes.map((minute) => `830001,BSE,2024-07-01,${time(minute)},1,1,1,1,${2 ** (minute % 20)},1`),
    );
    const stamped = minutes.filter((one) => (one >= 555 && one <= 690) || (one >= 780 && one <= 900));
    const days = Array.from({ length: 9 }, (_, day) => `2024-07-0${day + 1}`);
    const line = (code: string, day: string, minute: number): string =>
      `${code},BSE,${day},${time(minute)},1,1,1,1,${minute},1`;
    await storeMinutes(
      market,
      1,
      days.slice(0, 2).flatMap((day) => stamped.map((minute) => line('830003', day, minute))),
    );
    // Days that have nothing but their fullest bin.
    await storeMinutes(
      market,
      1,
      days.flatMap((day) => stamped.slice(0, 21).map((minute) => line('830004', day, minute))),
    );
    for (const [timeframe, frame] of [
      ['5Min', 5],
      ['15Min', 15],
      ['30Min', 30],
      ['60Min', 60],
    ] as const) {
      const expected = new Map<string, number>();
      for (const minute of minutes) {
        const { after, end } = sessionBin(minute, frame);
        expect(minute > after || end === 900).toBe(true);
        const t = `2024-07-01T${time(end)}+08:00`;
        expected.set(t, (expected.get(t) ?? 0) + 2 ** (minute % 20));
      }
      const whole = (await page({ symbol: '830001.BJ', timeframe })).bars;
      expect(whole.map(({ t, v }) => [t, v])).toEqual([...expected]);
      for (const symbol of ['830003.BJ', '830004.BJ']) {
        const { bars: all } = await page({ symbol, timeframe });
        for (const sort of ['asc', 'desc'] as const) {
          const paged = await everyPage({ symbol, timeframe, limit: 1, sort });
          expect(sort === 'asc' ? paged : paged.reverse()).toEqual(all);
        }
      }
    }
  });

  it('are made of the coarsest frame that is stored', async () => {
    await storeMinutes(market, 15, [
      '830002,BSE,2024-07-01,09:45:00,1,2,1,2,100,',
      '830002,BSE,2024-07-01,10:00:00,2,3,2,3,50,7',
    ]);
    await storeMinutes(market, 1, ['830002,BSE,2024-07-01,09:31:00,9,9,9,9,1,1']);
    const { bars: read } = await page({ symbol: '830002.BJ', timeframe: '30Min' });
    // One of its amounts is not known, so the sum is not either.
    expect(read).toEqual([{ t: '2024-07-01T10:00:00+08:00', o: 1, h: 3, l: 1, c: 3, v: 150, amt: null }]);
  });
});
