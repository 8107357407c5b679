import { PostgresPool } from '@mystocks/connection-pool';
import type { WarmUpRun, WarmUpTrigger } from '@mystocks/contracts';
import { Injectable } from '@nestjs/common';

/** So many runs are remembered, with what they loaded. */
const RUNS_MAX = 100;

const BEGIN = `
INSERT INTO cache.warm_up_runs (trigger, slot, instance, started_at, symbols) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (slot) DO NOTHING RETURNING id::text`;
const PRUNE = `
DELETE FROM cache.warm_up_runs WHERE id <= (SELECT id FROM cache.warm_up_runs ORDER BY id DESC OFFSET $1 LIMIT 1)`;
const LOADED = `
INSERT INTO cache.warm_up_entries (key, run_id, loaded_at) SELECT DISTINCT key, $1::bigint, $2::timestamptz
FROM unnest($3::text[]) AS loaded (key) ORDER BY key
ON CONFLICT (key) DO UPDATE SET run_id = excluded.run_id, loaded_at = excluded.loaded_at`;
const COUNT = `
UPDATE cache.warm_up_runs
SET finished_at = $2, loaded = $3, unchanged = $4, failed = $5, stopped_because = $6 WHERE id = $1::bigint`;
const UNUSED = 'SELECT key, loaded_at FROM cache.warm_up_entries';
/** Who takes an entry away counts it: two instances never count the same one. */
const USE = `
WITH used AS (
  DELETE FROM cache.warm_up_entries AS e USING unnest($1::text[], $2::timestamptz[]) AS read (key, read_at)
  WHERE e.key = read.key AND e.loaded_at <= read.read_at RETURNING e.run_id
), counted AS (SELECT run_id, count(*)::int AS used FROM used GROUP BY run_id)
UPDATE cache.warm_up_runs AS r SET used = r.used + counted.used FROM counted WHERE r.id = counted.run_id`;
const LATEST = `
SELECT trigger, instance, started_at, finished_at, symbols, loaded, unchanged, failed, used, stopped_because
FROM cache.warm_up_runs ORDER BY id DESC LIMIT $1`;

/** How a run ended. */
export interface Outcome {
  readonly loaded: number;
  readonly unchanged: number;
  readonly failed: number;
  readonly stoppedBecause?: string | undefined;
}

export interface BegunRun {
  readonly trigger: WarmUpTrigger;
  /** Only one run of the same slot ever begins. */
  readonly slot?: string | undefined;
  readonly instance: string;
  readonly startedAtMs: number;
  readonly symbols: number;
}

/** The first read of what was loaded. */
export interface Use {
  readonly key: string;
  readonly readAtMs: number;
}

interface RunRow extends Pick<
  WarmUpRun,
  'trigger' | 'instance' | 'symbols' | 'loaded' | 'unchanged' | 'failed' | 'used'
> {
  readonly started_at: Date;
  readonly finished_at: Date | null;
  readonly stopped_because: string | null;
}

const at = (ms: number): string => new Date(ms).toISOString();

/** The warm-ups of the whole system, and the entries they loaded that no client has read yet. */
@Injectable()
export class WarmUpRunsRepository {
  constructor(private readonly pool: PostgresPool) {}

  /** The id of the new run; undefined when its slot is taken. */
  async begin({ trigger, slot, instance, startedAtMs, symbols }: BegunRun): Promise<string | undefined> {
    const { value } = await this.pool.write(async (client) => {
      const values = [trigger, slot ?? null, instance, at(startedAtMs), symbols];
      const { rows } = await client.query<{ id: string }>({ text: BEGIN, values });
      await client.query({ text: PRUNE, values: [RUNS_MAX] });
      return rows[0]?.id;
    });
    return value;
  }

  /** Notes what a run has kept; reads from `loadedAtMs` on are uses. */
  async noteLoaded(run: string, keys: readonly string[], loadedAtMs: number): Promise<void> {
    await this.pool.write((client) => client.query({ text: LOADED, values: [run, at(loadedAtMs), keys] }));
  }

  async finish(run: string, finishedAtMs: number, outcome: Outcome): Promise<void> {
    const { loaded, unchanged, failed, stoppedBecause } = outcome;
    const values = [run, at(finishedAtMs), loaded, unchanged, failed, stoppedBecause ?? null];
    await this.pool.write((client) => client.query({ text: COUNT, values }));
  }

  /** When each key that has not been read yet was loaded, epoch ms. */
  async unused(): Promise<ReadonlyMap<string, number>> {
    const { rows } = await this.pool.query<{ key: string; loaded_at: Date }>({ text: UNUSED });
    return new Map(rows.map(({ key, loaded_at: loadedAt }) => [key, loadedAt.getTime()]));
  }

  async noteUses(uses: readonly Use[]): Promise<void> {
    const values = [uses.map(({ key }) => key), uses.map(({ readAtMs }) => at(readAtMs))];
    await this.pool.write((client) => client.query({ text: USE, values }));
  }

  /** The last ones, newest first. */
  async latest(): Promise<WarmUpRun[]> {
    const { rows } = await this.pool.query<RunRow>({ text: LATEST, values: [RUNS_MAX] });
    return rows.map(runOf);
  }
}

function runOf({ started_at, finished_at, stopped_because, ...counts }: RunRow): WarmUpRun {
  return {
    ...counts,
    started_at: started_at.toISOString(),
    ...(finished_at !== null && { finished_at: finished_at.toISOString() }),
    ...(counts.loaded > 0 && { useful_ratio: counts.used / counts.loaded }),
    ...(stopped_because !== null && { stopped_because }),
  };
}
