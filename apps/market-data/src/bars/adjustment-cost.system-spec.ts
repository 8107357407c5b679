import { addDays } from '@mystocks/calendar';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startMarket, storeDays, storeFactors, type Market } from '../../test/stored-market.js';
import { barsStatement } from './postgres/bars-sql.js';

interface Plan {
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Join Filter'?: number;
  readonly Plans?: readonly Plan[];
}

const codes = ['600001', '600002', '600003'] as const;
const DAYS = 1_600;
let market: Market;

beforeAll(async () => {
  market = await startMarket();
  const days = Array.from({ length: DAYS }, (_, index) => addDays('2015-01-05', index));
  const line = (code: string, day: string, factor: number | ''): string =>
    [code, 'SSE', day, 10, 10, 10, 10, 10, 100, 1_000, '', '', 1, 0, factor].join(',');
  // Factors on every day, on the first only, and by ex-date for every day.
  await storeDays(
    market,
    days.flatMap((day, index) => [
      line('600001', day, 1 + index / 1_000),
      line('600002', day, index === 0 ? 1 : ''),
      line('600003', day, ''),
    ]),
  );
  await storeFactors(
    market,
    days.map((day, index) => `600003,SSE,${day},${1 + index / 1_000}`),
  );
}, 60_000);
afterAll(() => market.stop());

/** Rows that the nodes of a plan took in hand. */
const work = (plan: Plan): number =>
  plan['Actual Loops'] *
    (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0) + (plan['Rows Removed by Join Filter'] ?? 0)) +
  (plan.Plans ?? []).reduce((sum, one) => sum + work(one), 0);

async function workOf(code: string, adjustment: 'qfq' | 'hfq', days: number): Promise<number> {
  const { id } = (await market.directory.all()).get(`${code}.SH`) ?? { id: 0 };
  const last = addDays('2015-01-05', days - 1);
  const always = ['-infinity', last, '-infinity', last];
  const { text } = barsStatement({ timeframe: '1Day', adjustment, sort: 'asc' }, 'one');
  const statement = {
    text: `EXPLAIN (ANALYZE, FORMAT JSON) ${text}`,
    values: [[id], [false], ...always, 10_000, last],
  };
  const { rows } = await market.pool.query<{ 'QUERY PLAN': readonly { Plan: Plan }[] }>(statement);
  return work((rows[0]?.['QUERY PLAN'][0] as { Plan: Plan }).Plan);
}

it.each(codes.flatMap((code) => [[code, 'qfq'] as const, [code, 'hfq'] as const]))(
  'twice as many days of %s take PostgreSQL at most twice as many rows to adjust, %s',
  async (code, adjustment) => {
    const [half, whole] = [await workOf(code, adjustment, DAYS / 2), await workOf(code, adjustment, DAYS)];
    expect(whole).toBeGreaterThan(DAYS);
    expect(whole / half).toBeLessThan(2.2);
  },
);
