import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Failure, type SymbolReads } from '@mystocks/contracts';
import type { HourOfReads } from './accesses.repository.js';
import { AccessesService } from './accesses.service.js';

const HOUR_MS = 3_600_000;
const START_MS = 1_000 * HOUR_MS;
const symbolsOf = (count: number): SymbolReads[] =>
  Array.from({ length: count }, (_, n) => ({ symbol: `${String(n).padStart(6, '0')}.SZ`, count: 2 }));

let nowMs: number;
let isAway: boolean;
let stored: HourOfReads[][];
let pruned: number;
/** So many parts the database stores. */
let awayAfter: number;
let accesses: AccessesService;
beforeEach(() => {
  [nowMs, isAway, stored, pruned, awayAfter] = [START_MS, false, [], 0, Infinity];
  const add = (reads: readonly HourOfReads[]): Promise<void> => {
    if (isAway || stored.length >= awayAfter) return Promise.reject(new Failure('unavailable', 'no database'));
    stored.push([...reads]);
    return Promise.resolve();
  };
  const prune = (): Promise<void> => {
    pruned += 1;
    return isAway ? Promise.reject(new Failure('unavailable', 'no database')) : Promise.resolve();
  };
  accesses = new AccessesService({ add, prune }, { now: () => nowMs });
});
afterEach(() => accesses.onModuleDestroy());
const record = (...reads: SymbolReads[]): number => accesses.record({ reads }).symbols;

describe('the access log', () => {
  it('adds up what several gateways tell of an hour, and stores each symbol and hour once', async () => {
    record({ symbol: '600519.SH', count: 3 }, { symbol: '000001.SZ', count: 1 });
    record({ symbol: '600519.SH', count: 4 });
    nowMs += HOUR_MS;
    record({ symbol: '600519.SH', count: 5 });
    await accesses.store();
    expect(stored).toEqual([
      [
        { hourMs: START_MS, symbol: '600519.SH', reads: 7 },
        { hourMs: START_MS, symbol: '000001.SZ', reads: 1 },
        { hourMs: START_MS + HOUR_MS, symbol: '600519.SH', reads: 5 },
      ],
    ]);
    await accesses.store();
    expect(stored).toHaveLength(1);
  });

  it('keeps what the database does not take, in the hour it was told in, and says so', async () => {
    isAway = true;
    record({ symbol: '600519.SH', count: 3 });
    await accesses.store();
    expect(accesses.state()).toMatchObject({ storing: false, reason: expect.any(String), waiting: 1, dropped: 0 });
    nowMs += HOUR_MS;
    record({ symbol: '600519.SH', count: 4 });
    isAway = false;
    await accesses.store();
    expect(stored.flat().map(({ hourMs, reads }) => [hourMs - START_MS, reads])).toEqual([
      [0, 3],
      [HOUR_MS, 4],
    ]);
    expect(accesses.state()).toEqual({
      storing: true,
      waiting: 0,
      dropped: 0,
      stored_at: new Date(nowMs).toISOString(),
    });
  });

  it('the access log has room for a day of every symbol, and counts what it has none for', () => {
    isAway = true;
    const all = symbolsOf(6_000);
    for (let hour = 0; hour < 24; hour += 1) {
      record(...all);
      nowMs += HOUR_MS;
    }
    const { waiting, dropped } = accesses.state();
    expect(waiting).toBe(130_000);
    expect(dropped).toBe(2 * (24 * 6_000 - 130_000));
    // What is known already goes on being counted.
    nowMs = START_MS;
    expect(record(...all)).toBe(6_000);
  });

  it('goes to the database in parts that it can store in time, and forgets none when one of them fails', async () => {
    isAway = true;
    for (let hour = 0; hour < 5; hour += 1) {
      record(...symbolsOf(6_000));
      nowMs += HOUR_MS;
    }
    await accesses.store();
    isAway = false;
    awayAfter = 2;
    await accesses.store();
    expect(accesses.state()).toMatchObject({ storing: false, waiting: 10_000 });
    awayAfter = Infinity;
    await accesses.store();
    expect(stored.map(({ length }) => length)).toEqual([10_000, 10_000, 10_000]);
    expect(new Set(stored.flat().map(({ hourMs, symbol }) => `${hourMs} ${symbol}`)).size).toBe(30_000);
    expect(accesses.state()).toMatchObject({ storing: true, waiting: 0, dropped: 0 });
  });

  it('the access log is pruned once an hour, and stores on when that fails', async () => {
    for (const minutes of [0, 20, 40, 61]) {
      nowMs = START_MS + minutes * 60_000;
      record({ symbol: '600519.SH', count: 1 });
      await accesses.store();
    }
    expect([stored.length, pruned]).toEqual([4, 2]);
  });

  it('stores what waits when the service stops', async () => {
    record({ symbol: '600519.SH', count: 3 });
    await accesses.onModuleDestroy();
    expect(stored.flat()).toHaveLength(1);
  });

  it('takes nothing without a database, and says why', () => {
    const without = new AccessesService(undefined);
    expect(without.record({ reads: symbolsOf(3) })).toEqual({ symbols: 0 });
    expect(without.state()).toEqual({ storing: false, reason: 'PG_PRIMARY_URL is not set', waiting: 0, dropped: 0 });
  });
});
