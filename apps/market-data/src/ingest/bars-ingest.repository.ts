import { Injectable } from '@nestjs/common';
import { PostgresPool, type WritingClient } from '@mystocks/connection-pool';
import type { Lsn } from '@mystocks/kernel';
import { barPlace, endsOf, type BarRows } from './bar-rows.js';
import { tables, type BarTable } from './bar-tables.js';

/** Rows of one block that changed something, by their number in {@link BarRows}. */
export interface ChangedRows {
  readonly inserted: readonly number[];
  readonly updated: readonly number[];
}

export interface StoredBlock {
  readonly daily: ChangedRows;
  readonly minute: ChangedRows;
  readonly lsn: Lsn;
}

// A block is bounded in bytes; this bounds what a lock can cost. The call's own deadline is 30 s.
const STATEMENT_TIMEOUT_MS = 25_000;
const nothing: ChangedRows = { inserted: [], updated: [] };

/** Stores blocks of bars: straight into the table where nothing stands yet, else merged with what stands. */
@Injectable()
export class BarsIngestRepository {
  constructor(private readonly pool: PostgresPool) {}

  async store(daily: BarRows, minute: BarRows): Promise<StoredBlock> {
    try {
      return await this.#store(daily, minute, { straight: true });
    } catch (error) {
      if (!isCollision(error)) throw error;
      // Another block stored the same bars at the same moment: now they stand, so this one is merged.
      return this.#store(daily, minute, { straight: false });
    }
  }

  async #store(daily: BarRows, minute: BarRows, how: { readonly straight: boolean }): Promise<StoredBlock> {
    const { value, lsn } = await this.pool.write(
      async (client) => ({
        daily: await storeRows(client, tables.daily, daily, how),
        minute: await storeRows(client, tables.minute, minute, how),
      }),
      { statementTimeoutMs: STATEMENT_TIMEOUT_MS },
    );
    return { ...value, lsn };
  }
}

async function storeRows(
  client: WritingClient,
  table: BarTable,
  rows: BarRows,
  how: { readonly straight: boolean },
): Promise<ChangedRows> {
  if (rows.size === 0) return nothing;
  const ranges = rangesOf(rows);
  if (how.straight && !(await standsAny(client, table, ranges))) {
    await client.copyFrom(table.copy, [rows.copyText()]);
    return { inserted: rows.stored(), updated: [] };
  }
  const { rows: answers } = await client.query<ChangedRows>({
    text: table.merge,
    values: [earliest(ranges.firsts), latest(ranges.lasts), ...rows.columnArrays()],
  });
  return answers[0] ?? nothing;
}

interface Ranges {
  readonly instruments: readonly number[];
  /** First and last stamp of each instrument in the block. */
  readonly firsts: readonly string[];
  readonly lasts: readonly string[];
}

/** Which instruments the rows are of, and between which stamps. */
function rangesOf(rows: BarRows): Ranges {
  const ends = [...endsOf(rows.keys).values()];
  return {
    instruments: ends.map(({ oldest }) => barPlace(oldest).instrument),
    firsts: ends.map(({ oldest }) => stampOf(oldest)),
    lasts: ends.map(({ newest }) => stampOf(newest)),
  };
}

function stampOf(key: number): string {
  const { day, time } = barPlace(key);
  return `${day} ${time}`;
}

const earliest = (stamps: readonly string[]): string => stamps.reduce((a, b) => (a < b ? a : b));
const latest = (stamps: readonly string[]): string => stamps.reduce((a, b) => (a > b ? a : b));

async function standsAny(client: WritingClient, table: BarTable, ranges: Ranges): Promise<boolean> {
  const { rows } = await client.query<{ any: boolean }>({
    name: table.probeName,
    text: table.probe,
    values: [ranges.instruments, ranges.firsts, ranges.lasts],
  });
  return rows[0]?.any === true;
}

// unique_violation, deadlock_detected
const COLLISIONS = new Set(['23505', '40P01']);
const isCollision = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && COLLISIONS.has(error.code);
