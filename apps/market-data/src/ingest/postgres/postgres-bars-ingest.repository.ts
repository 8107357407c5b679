import { Injectable } from '@nestjs/common';
import type { WritingClient } from '@mystocks/connection-pool';
import { barPlace, BarRows, endsOf, NO_VALUE } from '../rows/bar-rows.js';
import { tables, type BarTable } from './bar-tables.js';
import {
  BarsIngestRepository,
  type BlockRows,
  type ChangedRows,
  type ChangingRows,
  type FilledBars,
  type FillingRows,
  type StoredRows,
} from '../rows/bars-ingest.repository.js';
import { columnArrays } from '../rows/column-arrays.js';
import type { Transaction } from '../../transactions/ingest-transactions.js';
import { release } from '../rows/release.js';

const nothing: ChangedRows = { inserted: [], updated: [] };

/** Copies rows straight into the table where no bars are stored yet, and otherwise merges them with the stored ones. */
@Injectable()
export class PostgresBarsIngestRepository extends BarsIngestRepository {
  async store(transaction: Transaction, daily: BarRows, minute: BarRows): Promise<StoredRows> {
    return {
      daily: await storeRows(transaction, tables.daily, daily),
      minute: await storeRows(transaction, tables.minute, minute),
    };
  }

  async fill(
    transaction: Transaction,
    { daily, minute }: FillingRows,
  ): Promise<{ daily: FilledBars; minute: FilledBars }> {
    return {
      daily: await fillRows(transaction, tables.daily, daily),
      minute: await fillRows(transaction, tables.minute, minute),
    };
  }

  async changing({ client }: Transaction, { daily, minute }: BlockRows): Promise<ChangingRows> {
    return {
      daily: await changingRows(client, tables.daily, daily),
      minute: await changingRows(client, tables.minute, minute),
    };
  }

  async holds({ client }: Transaction, { id }: { readonly id: number }): Promise<boolean> {
    const text = `SELECT EXISTS (SELECT FROM market_data.bars_daily WHERE instrument_id = $1)
      OR EXISTS (SELECT FROM market_data.bars_minute WHERE instrument_id = $1) AS any`;
    return (await client.query<{ any: boolean }>({ text, values: [id] })).rows[0]?.any === true;
  }
}

async function storeRows({ client, straight }: Transaction, table: BarTable, rows: BarRows): Promise<ChangedRows> {
  if (rows.distinct === 0) return nothing;
  const ranges = rangesOf(rows);
  if (straight && !(await standsAny(client, table, ranges))) {
    await client.copyFrom(table.copy, [rows.copyText()]);
    return { inserted: rows.stored(), updated: [] };
  }
  const columns = columnArrays(rows.copyText());
  const { rows: answers } = await client.query<ChangedRows>({
    text: table.merge,
    values: [earliest(ranges.firsts), latest(ranges.lasts), ...columns.arrays],
  });
  release(columns.memory);
  const [changed] = answers;
  return changed === undefined ? nothing : inRows(changed, rows);
}

async function changingRows(client: WritingClient, table: BarTable, rows: BarRows): Promise<number[]> {
  if (rows.distinct === 0) return [];
  const { firsts, lasts } = rangesOf(rows);
  const columns = columnArrays(rows.copyText());
  const { rows: changing } = await client.query<{ place: number }>({
    text: table.changing,
    values: [earliest(firsts), latest(lasts), ...columns.arrays],
  });
  release(columns.memory);
  return changing.map(({ place }) => place - 1);
}

async function fillRows({ client }: Transaction, table: BarTable, given: BarRows): Promise<FilledBars> {
  const rows = new BarRows(0);
  if (given.size === 0) return { ...nothing, rows };
  const { firsts, lasts } = rangesOf(given);
  const columns = columnArrays(given.copyText());
  const { rows: answers } = await client.query<{ place: number; fresh: boolean; cells: (string | null)[] }>({
    text: table.fill,
    values: [earliest(firsts), latest(lasts), ...columns.arrays],
  });
  release(columns.memory);
  const [inserted, updated]: [number[], number[]] = [[], []];
  for (const { place, fresh, cells } of answers) {
    const row = place - 1;
    (fresh ? inserted : updated).push(rows.size);
    const key = given.cells(row).slice(0, table.keyCells);
    rows.addCells(given.keyOf(row), given.lineOf(row), [...key, ...cells.map((cell) => cell ?? NO_VALUE)]);
  }
  return { inserted, updated, rows };
}

/** The statement counts what was sent to it, from 1: numbers of rows again. */
function inRows({ inserted, updated }: ChangedRows, rows: BarRows): ChangedRows {
  const stored = rows.distinct === rows.size ? undefined : rows.stored();
  const rowOf = (place: number): number => stored?.[place - 1] ?? place - 1;
  return { inserted: inserted.map(rowOf), updated: updated.map(rowOf) };
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
