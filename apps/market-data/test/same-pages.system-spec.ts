import { addDays, weekday } from '@mystocks/calendar';
import { adjustments, timeframes } from '@mystocks/contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { barWindow } from '../src/bars/stored/bar-window.js';
import type { BarSeries, BarsQuestion } from '../src/bars/stored/bars.repository.js';
import { startMarket, storeDays, storeFactors, storeMinutes, type Market } from './stored-market.js';
import { onStandIn, type OpenStore } from './timeseries-stores.js';

const FIRST = '2024-01-01';
const DAYS = 120;
const SEED = 20_240_614;
const codes = ['600001', '600002', '600003', '600004', 'IDX000300'];

let market: Market;
let other: OpenStore;
let instruments: BarsQuestion['instruments'];

/** Numbers from 0 to 1, the same ones every time. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const two = (value: number): string => String(value).padStart(2, '0');
const clock = (minute: number): string => `${two(Math.floor(minute / 60))}:${two(minute % 60)}:00`;

/**
 * Bars with holes: days, factors, amounts and minutes are missing here and there; decimals are of any length. A previous
 * close that is not the close before makes an ex-day; some of them have a factor by ex-date.
 */
function rows(next: () => number): { days: string[]; given: string[]; minutes: Map<number, string[]> } {
  const price = (): string => (next() * 100 + 0.01).toFixed(Math.floor(next() * 7));
  const positive = (): string => (Number(price()) || 1).toString();
  const optional = (text: string): string => (next() < 0.2 ? '' : text);
  const values = (): string => `${positive()},${positive()},${positive()},${positive()}`;
  const volume = (): number => Math.floor(next() * 1e12);
  const amount = (): string => optional((next() * 1e8).toFixed(Math.floor(next() * 7)));
  const days: string[] = [];
  const given: string[] = [];
  const minutes = new Map<number, string[]>([1, 5, 15, 30, 60].map((frame) => [frame, []]));
  for (const code of codes) {
    let close = positive();
    for (let offset = 0; offset < DAYS; offset += 1) {
      const day = addDays(FIRST, offset);
      if (weekday(day) > 4 || next() < 0.1) continue;
      const factor = next() < 0.5 ? '' : (next() * 3 + 0.5).toFixed(Math.floor(next() * 11));
      const before = next() < 0.9 ? close : optional(positive());
      close = positive();
      const prices = `${positive()},${positive()},${positive()},${close}`;
      if (next() < 0.05) given.push(`${code},SSE,${day},${(next() * 3 + 0.001).toFixed(6)}`);
      const line = [code, 'SSE', day, prices, before, volume(), amount(), '', '', 1, 0, factor].join(',');
      // Some days have minutes only.
      if ((code !== '600004' || offset < 40) && next() < 0.8) days.push(line);
      if (offset > 14) continue;
      for (const [frame, lines] of minutes) {
        if (next() < 0.6) continue;
        // Minutes of the opening auction have rows of their own.
        const auction = frame === 1 ? [-5, -2, 0] : [];
        const ends = [...auction, ...[...Array(240 / frame).keys()].map((bar) => (bar + 1) * frame)];
        for (const end of ends.filter(() => next() < 0.7)) {
          lines.push(
            `${code},SSE,${day},${clock(end <= 120 ? 570 + end : 660 + end)},${values()},${volume()},${amount()}`,
          );
        }
      }
    }
  }
  return { days, given, minutes };
}

beforeAll(async () => {
  market = await startMarket();
  other = await onStandIn.open(market.pool, market.directory);
  const { days, given, minutes } = rows(numbers(SEED));
  for (const store of [market.store, other]) {
    const there = { ...market, store };
    await storeDays(there, days);
    for (const [frame, lines] of minutes) await storeMinutes(there, frame, lines);
  }
  await storeFactors(
    market,
    given.filter((line) => !line.startsWith('IDX')),
  );
  instruments = [...(await market.directory.all()).values()];
}, 120_000);
afterAll(async () => {
  await other.stop();
  await market.stop();
});

const aDay = fc.integer({ min: -3, max: DAYS + 3 }).map((offset) => addDays(FIRST, offset));
const aTime = fc.oneof(
  aDay,
  fc.tuple(aDay, fc.integer({ min: 540, max: 930 })).map(([day, minute]) => `${day}T${clock(minute)}+08:00`),
);
const maybe = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(of, { nil: undefined, freq: 2 });
const aRequest = fc.record({
  timeframe: fc.constantFrom(...timeframes),
  adjustment: fc.constantFrom(...adjustments),
  sort: fc.constantFrom('asc' as const, 'desc' as const),
  start: maybe(aTime),
  end: maybe(aTime),
  asof: maybe(aDay),
  limit: fc.constantFrom(1, 2, 7, 40, 1_000),
  places: fc.uniqueArray(fc.nat({ max: codes.length - 1 }), { minLength: 1, maxLength: codes.length }),
});

type Asked = typeof aRequest extends fc.Arbitrary<infer T> ? T : never;

function questionOf({ places, start, end, asof, ...rest }: Asked, after: string | undefined): BarsQuestion | undefined {
  const given = Object.fromEntries(Object.entries({ start, end, asof }).filter(([, value]) => value !== undefined));
  try {
    const chosen = instruments.filter((_, place) => places.includes(place));
    return { ...rest, instruments: chosen, window: barWindow({ ...rest, ...given }, after) };
  } catch {
    // The start lies after the end.
    return undefined;
  }
}

/** What is not to be shown need not be the same: bars without a price. */
const shown = (series: readonly BarSeries[]): BarSeries[] =>
  series.map((one) => (one.priced < one.total ? { ...one, bars: '' } : one));

describe('PostgreSQL and TDengine', () => {
  it('PostgreSQL and TDengine answer every question about the same rows with the same bytes, page after page', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(aRequest, async (asked) => {
        let after: string | undefined;
        for (let page = 0; page < 4; page += 1) {
          const question = questionOf(asked, after);
          if (question === undefined) return;
          const expected = await market.store.bars.page(question);
          expect(shown(await other.bars.page(question))).toEqual(shown(expected));
          compared += expected.length;
          after = expected[0]?.edge ?? undefined;
          if (after === undefined) return;
        }
      }),
      { numRuns: 400, seed: SEED },
    );
    expect(compared).toBeGreaterThan(1_000);
  }, 240_000);
});
