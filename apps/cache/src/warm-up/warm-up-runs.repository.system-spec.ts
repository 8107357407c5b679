import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { PostgresPool } from '@mystocks/connection-pool';
import { openCacheDatabase, type CacheDatabase } from '../../test/cache-database.js';
import type { ServiceAccess } from './service-access.js';
import { WarmUpRunner } from './warm-up-runner.js';
import { WarmUpRunsRepository, type BegunRun } from './warm-up-runs.repository.js';

const T0 = Date.parse('2024-06-14T09:25:00+08:00');
const session: BegunRun = {
  trigger: 'session',
  slot: 'session 2024-06-14',
  instance: 'host:1',
  startedAtMs: T0,
  symbols: 2,
};
const start: BegunRun = { ...session, trigger: 'start', slot: undefined };

let database: CacheDatabase;
let pool: PostgresPool;
let runs: WarmUpRunsRepository;
beforeAll(async () => {
  database = await openCacheDatabase();
  ({ pool } = database);
  runs = new WarmUpRunsRepository(pool);
}, 60_000);
afterAll(() => database.stop());
beforeEach(() => pool.write((client) => client.query('DELETE FROM cache.warm_up_runs')));

const begun = async (run: BegunRun): Promise<string> => {
  const id = await runs.begin(run);
  if (id === undefined) throw new Error('the slot was taken');
  return id;
};

describe('warm-up runs in PostgreSQL', () => {
  it('warm-up runs in PostgreSQL begin once a slot, however many instances try at the same moment', async () => {
    const ids = await Promise.all(
      Array.from({ length: 8 }, (_, n) => runs.begin({ ...session, instance: `host:${n}` })),
    );
    expect(ids.filter((id) => id !== undefined)).toHaveLength(1);
    expect(await runs.begin({ ...session, slot: 'session 2024-06-17' })).toBeDefined();
    expect(await Promise.all([runs.begin(start), runs.begin(start)])).toEqual([expect.any(String), expect.any(String)]);
  });

  it('warm-up runs in PostgreSQL of a session load once in the system, however many instances wake at the same moment', async () => {
    const service: ServiceAccess['run'] = (work) =>
      work({ id: 'x', username: 'service:cache', roles: ['guest'], expiresAtMs: Infinity });
    let loads = 0;
    const runner = (): WarmUpRunner =>
      new WarmUpRunner({
        warmUp: {
          load: (reads) => {
            loads += reads.length;
            return Promise.resolve(reads.map((_, n) => ({ outcome: { status: 201 }, key: `key ${loads} ${n}` })));
          },
        },
        accesses: { hottest: () => Promise.resolve(['600519.SH', '000001.SZ']) },
        runs,
        service: { run: service },
        time: { now: () => T0, sleep: () => Promise.resolve() },
        symbolsMax: 200,
        perSecond: 50,
      });
    const results = await Promise.all(Array.from({ length: 4 }, () => runner().run('session', 'session 2024-06-14')));
    expect(results.sort()).toEqual(['done', 'taken', 'taken', 'taken']);
    expect(loads).toBe(2);
    expect(await runs.latest()).toMatchObject([{ trigger: 'session', loaded: 2, finished_at: expect.any(String) }]);
  });

  it('warm-up runs in PostgreSQL count the first read of each loaded answer, whichever instance reports it, however often', async () => {
    const run = await begun(start);
    await runs.noteLoaded(run, ['a', 'b', 'c', 'a'], T0);
    await runs.finish(run, T0 + 1_000, { loaded: 3, unchanged: 1, failed: 2 });
    const uses = ['a', 'b', 'unknown'].map((key) => ({ key, readAtMs: T0 + 5 }));
    await Promise.all(Array.from({ length: 8 }, (_, n) => runs.noteUses(n % 2 === 0 ? uses : uses.toReversed())));
    await runs.noteUses([{ key: 'c', readAtMs: T0 - 1 }]);
    expect(await runs.latest()).toEqual([
      {
        trigger: 'start',
        instance: 'host:1',
        started_at: '2024-06-14T01:25:00.000Z',
        finished_at: '2024-06-14T01:25:01.000Z',
        ...{ symbols: 2, loaded: 3, unchanged: 1, failed: 2, used: 2, useful_ratio: 2 / 3 },
      },
    ]);
    expect(await runs.unused()).toEqual(new Map([['c', T0]]));
  });

  it('warm-up runs in PostgreSQL count a read for the run that loaded the answer last', async () => {
    const [first, second] = [await begun(start), await begun(start)];
    await runs.noteLoaded(first, ['a', 'b'], T0);
    await runs.noteLoaded(second, ['a'], T0 + 10);
    await runs.noteUses([{ key: 'a', readAtMs: T0 + 5 }]);
    await runs.noteUses(['a', 'b'].map((key) => ({ key, readAtMs: T0 + 20 })));
    expect((await runs.latest()).map(({ used }) => used)).toEqual([1, 1]);
  });

  it('warm-up runs in PostgreSQL are remembered a hundred of, with what they loaded', async () => {
    for (let n = 0; n < 105; n += 1) {
      const run = await begun({ ...start, symbols: n });
      await runs.noteLoaded(run, [`key ${n}`], T0);
    }
    const latest = await runs.latest();
    expect(latest.map(({ symbols }) => symbols)).toEqual(Array.from({ length: 100 }, (_, n) => 104 - n));
    expect((await runs.unused()).size).toBe(100);
  });

  it('warm-up runs in PostgreSQL say why they ended early, and that they have not ended', async () => {
    await runs.finish(await begun(start), T0, { loaded: 0, unchanged: 0, failed: 8, stoppedBecause: 'refused' });
    await begun(start);
    const [running, stopped] = await runs.latest();
    expect(running).not.toHaveProperty('finished_at');
    expect(stopped).toMatchObject({ stopped_because: 'refused', failed: 8 });
    expect(stopped).not.toHaveProperty('useful_ratio');
  });
});
