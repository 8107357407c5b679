import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { PostgresPool } from '@mystocks/connection-pool';
import fc from 'fast-check';
import { openCacheDatabase, type CacheDatabase } from '../../test/cache-database.js';
import { AccessesRepository, type HourOfReads } from './accesses.repository.js';

const HOUR_MS = 3_600_000;
const NOW_MS = Date.parse('2024-06-14T09:25:00+08:00');
const THIS_HOUR_MS = NOW_MS - (NOW_MS % HOUR_MS);

let database: CacheDatabase;
let pool: PostgresPool;
let accesses: AccessesRepository;
beforeAll(async () => {
  database = await openCacheDatabase();
  ({ pool } = database);
  accesses = new AccessesRepository(pool);
}, 60_000);
afterAll(() => database.stop());
beforeEach(() => pool.write((client) => client.query('DELETE FROM cache.symbol_accesses')));

const rows = async (): Promise<{ hours_ago: number; symbol: string; reads: number }[]> => {
  const text = `SELECT (extract(epoch FROM $1::timestamptz - hour) / 3600)::int AS hours_ago, symbol, reads::int
    FROM cache.symbol_accesses ORDER BY 1, 2`;
  return (
    await pool.query<{ hours_ago: number; symbol: string; reads: number }>({ text, values: [new Date(THIS_HOUR_MS)] })
  ).rows;
};
const reading = (hoursAgo: number, symbol: string, reads: number): HourOfReads => ({
  hourMs: THIS_HOUR_MS - hoursAgo * HOUR_MS,
  symbol,
  reads,
});

/** The ranking as its definition says it, in one obvious loop. */
function rank(log: readonly HourOfReads[], halfLifeHours: number, count: number): string[] {
  const weights = new Map<string, number>();
  for (const { hourMs, symbol, reads } of log) {
    const age = (NOW_MS - hourMs) / HOUR_MS;
    if (Math.floor(age) >= 10 * halfLifeHours) continue;
    weights.set(symbol, (weights.get(symbol) ?? 0) + reads * 0.5 ** (age / halfLifeHours));
  }
  const ranked = [...weights].sort(([one, a], [other, b]) => b - a || (one < other ? -1 : 1));
  return ranked.slice(0, count).map(([symbol]) => symbol);
}

describe('the access log in PostgreSQL', () => {
  it('adds up what instances tell of the same hour, at the same time', async () => {
    const told = ['600519.SH', '000001.SZ'].map((symbol) => reading(0, symbol, 2));
    await Promise.all(Array.from({ length: 8 }, (_, n) => accesses.add(n % 2 === 0 ? told : told.toReversed())));
    expect(await rows()).toEqual([
      { hours_ago: 0, symbol: '000001.SZ', reads: 16 },
      { hours_ago: 0, symbol: '600519.SH', reads: 16 },
    ]);
  });

  it('ranks by decayed sums exactly as the rule says, over any log', async () => {
    const entry = fc.record({
      hoursAgo: fc.integer({ min: 0, max: 300 }),
      symbol: fc.integer({ min: 0, max: 15 }).map((n) => `${600_000 + n}.SH`),
      // Different enough that no two sums are equal but for rounding.
      reads: fc.integer({ min: 1, max: 1_000_000 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(entry, { selector: ({ hoursAgo, symbol }) => `${hoursAgo} ${symbol}`, maxLength: 60 }),
        fc.integer({ min: 1, max: 48 }),
        fc.integer({ min: 1, max: 20 }),
        async (entries, halfLife, count) => {
          const log = entries.map(({ hoursAgo, symbol, reads }) => reading(hoursAgo, symbol, reads));
          await pool.write((client) => client.query('DELETE FROM cache.symbol_accesses'));
          await accesses.add(log);
          expect(await accesses.hottest(NOW_MS, halfLife, count)).toEqual(rank(log, halfLife, count));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('lets today outweigh yesterday, and a great yesterday outweigh a small today', async () => {
    await accesses.add([reading(0, '600519.SH', 60), reading(24, '000001.SZ', 100), reading(24, '000002.SZ', 130)]);
    expect(await accesses.hottest(NOW_MS, 24, 10)).toEqual(['000002.SZ', '600519.SH', '000001.SZ']);
  });

  it('keeps 60 days, and of an hour the 6,000 symbols read most', async () => {
    const many = Array.from({ length: 6_010 }, (_, n) => reading(1, `${String(n).padStart(6, '0')}.SZ`, n + 1));
    await accesses.add([...many, reading(60 * 24 - 1, '600519.SH', 1), reading(60 * 24 + 1, '600519.SH', 1)]);
    await accesses.prune(NOW_MS);
    const left = await rows();
    expect(left).toHaveLength(6_001);
    expect(left.filter(({ hours_ago }) => hours_ago > 1)).toEqual([
      { hours_ago: 1_439, symbol: '600519.SH', reads: 1 },
    ]);
    expect(Math.min(...left.filter(({ hours_ago }) => hours_ago === 1).map(({ reads }) => reads))).toBe(11);
  });

  it('says what it knows', async () => {
    expect(await accesses.known(NOW_MS, 24)).toEqual({ symbols: 0, hours: 0, since: null });
    await accesses.add([reading(0, '600519.SH', 1), reading(0, '000001.SZ', 1), reading(5, '600519.SH', 1)]);
    const since = new Date(THIS_HOUR_MS - 5 * HOUR_MS);
    expect(await accesses.known(NOW_MS, 24)).toEqual({ symbols: 2, hours: 2, since });
  });
});
