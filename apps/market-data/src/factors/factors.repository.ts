import { PostgresPool } from '@mystocks/connection-pool';
import { currentContext } from '@mystocks/telemetry';
import { Injectable } from '@nestjs/common';
import type { DayFactor } from '../timeseries/factor-steps.js';
import { grouped } from '../timeseries/grouped.js';

interface GivenFactor extends DayFactor {
  readonly id: number;
}

const list = `SELECT instrument_id AS id, to_char(ex_date, 'YYYY-MM-DD') AS day, factor::float8 AS factor
  FROM market_data.factors WHERE instrument_id = ANY($1::int[]) AND ex_date <= $2::date ORDER BY instrument_id, ex_date`;

/** Reads the factors that were given by ex-date. They are in PostgreSQL, wherever the bars are. */
@Injectable()
export class FactorsRepository {
  constructor(private readonly pool: PostgresPool) {}

  /** Up to a day (or `infinity`), in order, by instrument id. */
  async upTo(ids: readonly number[], day: string): Promise<ReadonlyMap<number, readonly DayFactor[]>> {
    const statement = { name: 'factors-up-to', text: list, values: [ids, day] };
    const { rows } = await this.pool.query<GivenFactor>(statement, { after: currentContext()?.readAfter });
    return grouped(rows, ({ id }) => id);
  }
}
