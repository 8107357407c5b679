import { existsSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { recordedData } from '@mystocks/testing';
import { expectSame, useMarket, type WireBar } from '../../test/bars-reader.js';
import { dataLines, storeDays, storeMinutes } from '../../test/stored-market.js';
import type { TimeseriesStore } from '../../test/timeseries-stores.js';

// Of the daily file; some of its symbols have minute bars, and so days, of 2024 as well.
const LAST_DAY = '2023-12-29';
const HOURS = ['10:30', '11:30', '14:00', '15:00'];
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Bars of real files, read from a store that they were stored in. */
export function itServesBars(store: TimeseriesStore): void {
  const title = `bars of real files in ${store.name} (skipped where the recorded data are not there)`;
  (existsSync(recordedData) ? describe : describe.skip)(title, () => {
    const { market, reader } = useMarket(store);
    let [lines, minuteLines]: [string[][], string[][]] = [[], []];
    beforeAll(async () => {
      const daily = dataLines('cn_daily_raw_2020_2023.csv.gz');
      const wanted = new Set([...new Set(daily.map((line) => line.slice(0, 6)))].slice(0, 20));
      const kept = daily.filter((line) => wanted.has(line.slice(0, 6)));
      await storeDays(market(), kept);
      lines = kept.map((line) => line.split(','));
      const minutes = dataLines('cn_min1_raw_hqchart_2024.csv.gz');
      await storeMinutes(market(), 1, minutes);
      await market().analyze();
      minuteLines = minutes.map((line) => line.split(','));
    });

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

    it('reads bars back equal to every line, raw', async () => {
      for (const [symbol, rows] of bySymbol(lines)) {
        const expected = rows.map(([, , date, o, h, l, c, , v, amt, , , status]) => ({
          t: `${date ?? ''}T00:00:00+08:00`,
          ...{ o: Number(o), h: Number(h), l: Number(l), c: Number(c), v: Number(v) },
          amt: amt === '' ? null : Number(amt),
          ...(status === '0' ? { suspended: true } : {}),
        }));
        expectSame((await reader.page({ symbol, end: LAST_DAY })).bars, expected);
      }
    });

    it('multiplies prices by their factor, and by their factor over the last one, to 4 decimals', async () => {
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
          (await reader.page({ symbol, adjustment, end: LAST_DAY })).bars.map(({ o, h, l, c }) => [o, h, l, c]);
        expectSame(await read('hfq'), hfq);
        expectSame(await read('qfq'), qfq);
      }
    });

    it('reads bars at a point in time as they were known then', async () => {
      const asof = '2021-06-15';
      const [symbol = '', rows = []] = [...bySymbol(lines)][0] ?? [];
      const known = rows.filter(([, , date = '']) => date <= asof);
      const { bars: read } = await reader.page({ symbol, adjustment: 'qfq', asof });
      expect(read).toHaveLength(known.length);
      expect(read.at(-1)?.c).toBe(Number(known.at(-1)?.[6]));
    });

    it.each(['asc', 'desc'] as const)('pages bars without a gap, a repetition or a cut week, %s', async (sort) => {
      const symbol = symbolOf(lines[0] ?? []);
      for (const timeframe of ['1Day', '1Week', '1Month'] as const) {
        const whole = await reader.page({ symbol, timeframe, sort, limit: 10_000 });
        expect(whole.next_page_token).toBeNull();
        for (const limit of [1, 7, 100]) {
          if (limit === 1 && timeframe === '1Day') continue;
          expectSame(await reader.everyPage({ symbol, timeframe, sort, limit }), whole.bars);
        }
      }
    });

    it('makes weeks and months that lose no share and span their days', async () => {
      const symbol = symbolOf(lines[0] ?? []);
      const { bars: days } = await reader.page({ symbol, limit: 10_000 });
      for (const timeframe of ['1Week', '1Month'] as const) {
        const { bars: periods } = await reader.page({ symbol, timeframe });
        expect(sum(periods.map(({ v }) => v))).toBe(sum(days.map(({ v }) => v)));
        let index = 0;
        for (const period of periods) {
          const until = days.findIndex(({ t }) => t === period.t) + 1;
          const inside = days.slice(index, until).filter(({ suspended }) => suspended !== true);
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

    it('reads 240 one-minute bars a day and 4 of an hour, none across lunch, no share lost', async () => {
      for (const [symbol, rows] of bySymbol(minuteLines)) {
        const minutes = await reader.everyPage({ symbol, timeframe: '1Min', limit: 10_000 });
        expectSame(
          minutes.map(({ t, o, h, l, c, v, amt }) => [t.slice(0, 10), t.slice(11, 19), o, h, l, c, v, amt]),
          rows.map(([, , date, time, ...values]) => [date, time, ...values.map(Number)]),
        );
        const hours = await reader.everyPage({ symbol, timeframe: '60Min', limit: 50 });
        const days = new Set(rows.map((row) => row[2]));
        expect(minutes).toHaveLength(240 * days.size);
        expect(hours).toHaveLength(4 * days.size);
        expect([...new Set(hours.map(({ t }) => t.slice(11, 16)))].sort()).toEqual(HOURS);
        expect(sum(hours.map(({ v }) => v))).toBe(sum(minutes.map(({ v }) => v)));
        for (const timeframe of ['5Min', '15Min', '30Min'] as const) {
          const binned = await reader.everyPage({
            symbol,
            timeframe,
            limit: 10_000,
            start: '2024-06-14',
            end: '2024-06-14',
          });
          expect(binned).toHaveLength(240 / Number(timeframe.slice(0, -3)));
          expect(sum(binned.map(({ v }) => v))).toBe(sum(minutes.slice(0, 240).map(({ v }) => v)));
        }
      }
    });

    it.each(['asc', 'desc'] as const)('pages bins of any size without a cut one, %s', async (sort) => {
      const ask = { symbol: '600000.SH', start: '2024-06-14', end: '2024-06-19', sort } as const;
      for (const timeframe of ['5Min', '60Min'] as const) {
        const whole = await reader.page({ ...ask, timeframe, limit: 10_000 });
        for (const limit of [1, 3]) expect(await reader.everyPage({ ...ask, timeframe, limit })).toEqual(whole.bars);
      }
    });

    it('reads every day from the coarser of two complete frames, so that none hides another', async () => {
      const ones = dataLines('cn_min1_raw_hqchart_2024.csv.gz')
        .filter((line) => line.startsWith('600000,SSE,2024-06-17,') || line.startsWith('600000,SSE,2024-06-18,'))
        .map((line) => line.replace('600000', '600077'));
      const hours = (day: string): string[] => HOURS.map((time) => `600077,SSE,${day},${time}:00,1,1,1,1,7,7`);
      await storeMinutes(market(), 1, ones);
      // The first day in hours only, the second in both, the third in minutes only.
      await storeMinutes(market(), 60, [...hours('2024-06-14'), ...hours('2024-06-17')]);
      const ask = { symbol: '600077.SH', timeframe: '60Min', start: '2024-06-14', end: '2024-06-18' } as const;
      const { bars } = await reader.page(ask);
      expect(bars.map(({ t }) => t.slice(8, 16))).toEqual(
        ['14', '17', '18'].flatMap((day) => HOURS.map((time) => `${day}T${time}`)),
      );
      expect(bars.map(({ v }) => v === 7)).toEqual([...Array<boolean>(8).fill(true), ...Array<boolean>(4).fill(false)]);
      for (const sort of ['asc', 'desc'] as const) {
        const whole = await reader.page({ ...ask, sort });
        expect(await reader.everyPage({ ...ask, sort, limit: 5 })).toEqual(whole.bars);
      }
    });

    it('answers several symbols by their canonical names and page them to the same end', async () => {
      const symbols = [...bySymbol(lines).keys()].slice(0, 3);
      const given = [`SZ${symbols[0]?.slice(0, 6) ?? ''}`, ...symbols.slice(1)];
      const whole = await reader.many({ symbols: given, limit: 10_000 });
      expect(Object.keys(whole.bars)).toEqual(symbols);
      const merged: Record<string, WireBar[]> = Object.fromEntries(symbols.map((symbol) => [symbol, []]));
      for (let token: string | null | undefined; token !== null;) {
        const one = await reader.many({
          symbols,
          limit: 300,
          ...(token === undefined ? {} : { page_token: token }),
        });
        for (const symbol of symbols) merged[symbol]?.push(...(one.bars[symbol] ?? []));
        token = one.next_page_token;
      }
      expect(merged).toEqual(whole.bars);
    });

    it('says what the bars are, and answers none where nothing is stored', async () => {
      const symbol = symbolOf(lines.at(-1) ?? []);
      const read = await reader.page({ symbol, adjustment: 'hfq', end: LAST_DAY });
      expect(read.meta).toEqual({
        ...{ timeframe: '1Day', adjustment: 'hfq', currency: 'CNY', source: 'stored', quality: 'eod' },
        as_of: '2023-12-29T00:00:00+08:00',
      });
      const empty = await reader.page({ symbol, start: '2010-01-01', end: '2010-12-31', adjustment: 'qfq' });
      expect(empty).toMatchObject({ symbol, bars: [], next_page_token: null, meta: { quality: null, as_of: null } });
      expect(
        (
          await reader.page({
            symbol: '600000.SH',
            timeframe: '1Min',
            start: '2024-06-14T01:31:00Z',
            end: '2024-06-14T09:33:00+08:00',
          })
        ).bars,
      ).toHaveLength(3);
      const history = await reader.answer({ symbol, end: LAST_DAY });
      expect(history).toMatchObject({ ttl_ms: 366 * 86_400_000, immutable: true });
      expect((await reader.answer({ symbol })).ttl_ms).toBe(30 * 60_000);
      expect(history.body.subarray(history.quality_at).toString()).toMatch(/^"eod","as_of":"[^"]+"\}\}$/);
      expect(history.etag).toBe((await reader.answer({ symbol, end: LAST_DAY })).etag);
      expect(history.tags).toEqual([symbol]);
    });

    it('refuses by name what cannot be read', async () => {
      const symbol = symbolOf(lines[0] ?? []);
      const first = await reader.page({ symbol, limit: 10 });
      const page_token = first.next_page_token ?? '';
      await expect(reader.answer({ symbol, adjustment: 'qfq', page_token })).rejects.toMatchObject({
        code: 'invalid',
      });
      await expect(reader.answer({ symbol, start: '2023-01-02', end: '2023-01-01' })).rejects.toMatchObject({
        problem: 'DATE_RANGE_INVALID',
      });
      await expect(reader.answer({ symbol: '999999.SH' })).rejects.toMatchObject({ code: 'not_found' });
      await expect(reader.answer({ symbol: '000001' })).rejects.toMatchObject({ problem: 'SYMBOL_AMBIGUOUS' });
      await expect(reader.many({ symbols: ['999999.SH', '888888.SZ'] })).rejects.toThrow('999999.SH, 888888.SZ');
      await expect(reader.many({ symbols: ['000001'] })).rejects.toMatchObject({ problem: 'SYMBOL_AMBIGUOUS' });
      await expect(reader.answer({ symbol: '600000.SH', timeframe: '1Min', adjustment: 'hfq' })).rejects.toMatchObject({
        problem: 'KLINE_ADJUST_INVALID',
      });
      expect(
        (await reader.page({ symbol: '000001.SH', timeframe: '1Min', adjustment: 'hfq', limit: 1 })).bars,
      ).toHaveLength(1);
    });
  });
}
