import type { DayStates } from '@mystocks/calendar';
import { PostgresPool, type WritingClient } from '@mystocks/connection-pool';
import type { Lsn } from '@mystocks/kernel';
import { Injectable } from '@nestjs/common';

// Days have no gaps: what is written begins at the latest on the day after the last one.
const read = `SELECT to_char(min(day), 'YYYY-MM-DD') AS from, string_agg(sessions::text, '' ORDER BY day) AS states
  FROM market_data.trading_days`;

const put = `INSERT INTO market_data.trading_days (day, sessions)
  SELECT $1::date + n - 1, substr($2, n, 1)::smallint FROM generate_series(1, length($2)) n
  ON CONFLICT (day) DO UPDATE SET sessions = excluded.sessions WHERE trading_days.sessions <> excluded.sessions`;

interface Row {
  readonly from: string | null;
  readonly states: string | null;
}

const daysOf = (row: Row | undefined): DayStates | undefined =>
  row?.from == null || row.states === null ? undefined : { from: row.from, states: row.states };

/** Stores the trading calendar. */
@Injectable()
export class TradingDaysRepository {
  constructor(private readonly pool: PostgresPool) {}

  /** Returns all days; undefined while none are stored. */
  async read(): Promise<DayStates | undefined> {
    return daysOf((await this.pool.query<Row>({ name: 'trading-days', text: read })).rows[0]);
  }

  /** Returns a position at or after every write that was acknowledged before the call. */
  position(): Promise<Lsn> {
    return this.pool.position();
  }

  /** Reads the days in a transaction that will {@link put} days, and locks them: another such transaction waits for its end. */
  async hold(client: WritingClient): Promise<DayStates | undefined> {
    await client.query("SELECT pg_advisory_xact_lock(hashtext('market_data.trading_days'))");
    return daysOf((await client.query<Row>(read)).rows[0]);
  }

  async put(client: WritingClient, { from, states }: DayStates): Promise<void> {
    await client.query({ text: put, values: [from, states] });
  }
}
