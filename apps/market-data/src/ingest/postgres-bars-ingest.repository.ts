import { Injectable } from '@nestjs/common';
import type { WritingClient } from '@mystocks/connection-pool';
import { barPlace, endsOf, type BarRows } from './bar-rows.js';
import { tables, type BarTable } from './bar-tables.js';
import { BarsIngestRepository, type ChangedRows, type StoredRows } from './bars-ingest.repository.js';
import type { Transaction } from './ingest-transactions.js';

const nothing: ChangedRows = { inserted: [], updated: [] };

/** Straight into the table where nothing stands yet, else merged with what stands. */
@Injectable()
export class PostgresBarsIngestRepository extends BarsIngestRepository {
  async store(transaction: Transaction, daily: BarRows, minute: BarRows): Promise<StoredRows> {
    return {
      daily: await storeRows(transaction, tables.daily, daily),
      minute: await storeRows(transaction, tables.minute, minute),
    };
  }
}

async function storeRows({ client, straight }: Transaction, table: BarTable, rows: BarRows): Promise<ChangedRows> {
  if (rows.size === 0) return nothing;
  const ranges = rangesOf(rows);
  if (straight && !(await standsAny(client, table, ranges))) {
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
