import { Injectable } from '@nestjs/common';
import { PostgresPool } from '@mystocks/connection-pool';
import type { Transaction } from '../transactions/ingest-transactions.js';
import type { WithheldLine } from './withheld-rows.js';

const count = {
  name: 'withheld-count',
  text: 'SELECT count(*)::int AS lines FROM market_data.withheld_lines WHERE load = $1',
};
const keep = {
  name: 'withheld-keep',
  text: `INSERT INTO market_data.withheld_lines (load, line, bar, cells)
    SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::text[]) ON CONFLICT DO NOTHING`,
};
// Two calls that end the same load run one after the other.
const lock = { name: 'withheld-lock', text: 'SELECT pg_advisory_xact_lock(hashtextextended($1, 18))' };
// A decision about a bar by a load that began later is kept, because that load may be the same file, sent again.
const take = {
  name: 'withheld-take',
  text: `WITH taken AS (
      UPDATE market_data.withheld_lines w SET stored = true WHERE load = $1 AND NOT stored RETURNING w.*)
    SELECT line::float8 AS line, bar::float8 AS bar, cells FROM taken WHERE NOT ($2 AND EXISTS (
      SELECT FROM market_data.withheld_lines o
      WHERE o.bar = taken.bar AND o.load <> $1 AND o.created_at > taken.created_at)) ORDER BY line`,
};
// The rows are written in the order of their keys, so that two of these statements cannot deadlock.
const remember = {
  name: 'contradicted-remember',
  text: `INSERT INTO market_data.contradicted_bars (bar) SELECT DISTINCT bar FROM unnest($1::bigint[]) AS bar ORDER BY bar
    ON CONFLICT (bar) DO UPDATE SET seen_at = now()`,
};

/** Stores the lines that wait for the end of their load, and the bars for which loads gave different lines. */
@Injectable()
export class WithheldLinesRepository {
  constructor(private readonly pool: PostgresPool) {}

  /** Returns how many lines of a load were withheld. */
  async count(load: string): Promise<number> {
    const { value } = await this.pool.write((client) => client.query<{ lines: number }>({ ...count, values: [load] }));
    return value.rows[0]?.lines ?? 0;
  }

  async keep({ client }: Transaction, load: string, lines: readonly WithheldLine[]): Promise<void> {
    const cells = lines.map((line) => line.cells.join('\t'));
    const values = [load, lines.map(({ line }) => line), lines.map(({ bar }) => bar), cells];
    await client.query({ ...keep, values });
  }

  /**
   * Returns the lines of a load that are not stored yet, in the order of the file. The transaction marks them as stored.
   * @param brokenOff leaves out bars of which another load has withheld a line since
   */
  async take({ client }: Transaction, load: string, brokenOff: boolean): Promise<WithheldLine[]> {
    await client.query({ ...lock, values: [load] });
    const { rows } = await client.query<{ line: number; bar: number; cells: string }>({
      ...take,
      values: [load, brokenOff],
    });
    // The rows are removed from the result, because a connection keeps its last result in memory.
    return rows.splice(0).map(({ line, bar, cells }) => ({ line, bar, cells: cells.split('\t') }));
  }

  async remember({ client }: Transaction, bars: readonly number[]): Promise<void> {
    await client.query({ ...remember, values: [bars] });
  }
}
