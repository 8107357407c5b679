import { PostgresPool } from '@mystocks/connection-pool';
import { currentContext } from '@mystocks/telemetry';
import { Injectable } from '@nestjs/common';
import type { DayFactor } from './factor-steps.js';
import type { Transaction } from '../transactions/ingest-transactions.js';
import type { GivenFactor } from './factor-lines.js';

interface FactorRow extends DayFactor {
  readonly id: number;
}

const list = `SELECT instrument_id AS id, to_char(ex_date, 'YYYY-MM-DD') AS day, factor::float8 AS factor
  FROM market_data.factors WHERE instrument_id = ANY($1::int[]) AND ex_date <= $2::date ORDER BY instrument_id, ex_date`;

// Unchanged rows are left alone. Rows are written in the order of their keys, so that two merges cannot deadlock.
const merge = `WITH changed AS MATERIALIZED (
    SELECT g.*, f.instrument_id IS NULL AS fresh
    FROM json_to_recordset($1::json) AS g(id int, day date, factor numeric)
    LEFT JOIN market_data.factors f ON f.instrument_id = g.id AND f.ex_date = g.day
    WHERE f.factor IS DISTINCT FROM g.factor),
  stored AS (
    INSERT INTO market_data.factors (instrument_id, ex_date, factor) SELECT id, day, factor FROM changed ORDER BY id, day
    ON CONFLICT (instrument_id, ex_date) DO UPDATE SET factor = excluded.factor)
  SELECT id, to_char(day, 'YYYY-MM-DD') AS day, fresh FROM changed`;

/** A factor that was not stored before with this value. */
export interface ChangedFactor {
  readonly id: number;
  readonly day: string;
  readonly fresh: boolean;
}

/** Reads and stores the factors that were given by ex-date. They are in PostgreSQL, wherever the bars are. */
@Injectable()
export class FactorsRepository {
  constructor(private readonly pool: PostgresPool) {}

  /** Up to a day (or `infinity`), in order, by instrument id. */
  async upTo(ids: readonly number[], day: string): Promise<ReadonlyMap<number, readonly DayFactor[]>> {
    const statement = { name: 'factors-up-to', text: list, values: [ids, day] };
    const { rows } = await this.pool.query<FactorRow>(statement, { after: currentContext()?.readAfter });
    return Map.groupBy(rows, ({ id }) => id);
  }

  /** Stores factors, each instrument and day once; answers those that changed something. */
  async merge({ client }: Transaction, given: readonly GivenFactor[]): Promise<ChangedFactor[]> {
    return (await client.query<ChangedFactor>({ text: merge, values: [JSON.stringify(given)] })).rows;
  }
}
