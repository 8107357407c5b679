import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { exchangeSuffix } from '@mystocks/contracts';

interface Level {
  readonly p: number;
  readonly s: number;
}

/** A quote as `POST /api/v2/quotes` takes it. */
export interface ReplayQuote {
  readonly symbol: string;
  readonly t: string;
  readonly last?: number;
  readonly prev_close?: number;
  readonly open?: number;
  readonly high?: number;
  readonly low?: number;
  readonly v?: number;
  readonly amt?: number;
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
  readonly simulated?: boolean;
}

/** A recorded quote and its moment, epoch ms. */
export interface Tick {
  readonly atMs: number;
  readonly quote: ReplayQuote;
}

const needed = ['code', 'exchange', 'datetime', 'last', 'cum_volume', 'cum_amount'];
const prices = { last: 'last', prev_close: 'pre_close', open: 'open', high: 'high', low: 'low' } as const;
const DATETIME = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})(?:\.(\d{1,6})\d*)?$/;
const LEVELS_MAX = 10;

/** Reads a header line; throws naming the columns that are missing. */
export function columnsOf(header: string): string[] {
  const columns = header
    .replace(/^\uFEFF/, '')
    .trim()
    .split(',');
  const missing = needed.filter((name) => !columns.includes(name));
  if (missing.length > 0) throw new Error(`not a tick file: no column ${missing.join(', ')}`);
  return columns;
}

/**
 * One line of a tick file as a quote. In recordings 0 means "not formed yet": such a price is left out, and so is a
 * level of the book without a price (the call auction shows a size there that belongs to none).
 */
export function toTick(line: string, columns: readonly string[]): Tick {
  const cells = line.trim().split(',');
  if (cells.length !== columns.length) throw new Error(`${cells.length} cells instead of ${columns.length}`);
  const row = new Map(columns.map((name, index) => [name, cells[index] ?? '']));
  const code = row.get('code') ?? '';
  const suffix = (exchangeSuffix as Readonly<Record<string, string>>)[row.get('exchange') ?? ''];
  if (!/^\d{6}$/.test(code) || suffix === undefined) throw new Error('no code and exchange');
  const match = DATETIME.exec(row.get('datetime') ?? '');
  if (match === null) throw new Error('no datetime');
  const t = `${match[1]}T${match[2]}.${(match[3] ?? '').padEnd(3, '0')}+08:00`;
  const formed = Object.entries(prices).flatMap(([name, column]): [string, number][] => {
    const price = numberIn(row, column);
    return price === undefined || price === 0 ? [] : [[name, price]];
  });
  const v = numberIn(row, 'cum_volume');
  const amt = numberIn(row, 'cum_amount');
  const quote = {
    symbol: `${code}.${suffix}`,
    t,
    ...Object.fromEntries(formed),
    ...(v === undefined ? {} : { v }),
    ...(amt === undefined ? {} : { amt }),
    bids: levelsOf(row, 'bid'),
    asks: levelsOf(row, 'ask'),
  };
  return { atMs: Date.parse(t), quote };
}

function levelsOf(row: ReadonlyMap<string, string>, side: 'bid' | 'ask'): Level[] {
  return Array.from({ length: LEVELS_MAX }, (_, index) => index + 1).flatMap((level) => {
    const p = numberIn(row, `${side}${level}`) ?? 0;
    return p === 0 ? [] : [{ p, s: numberIn(row, `${side}${level}_qty`) ?? 0 }];
  });
}

function numberIn(row: ReadonlyMap<string, string>, column: string): number | undefined {
  const text = row.get(column);
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new Error(`${column} is not a number: ${text.slice(0, 20)}`);
  return value;
}

/** The quote as if it were made at `atMs`: stamped anew and marked, because no exchange sent it then. */
export function asSimulated(quote: ReplayQuote, atMs: number): ReplayQuote {
  const china = new Date(atMs + 8 * 3_600_000).toISOString().slice(0, -1);
  return { ...quote, t: `${china}+08:00`, simulated: true };
}

/** Every quote of a tick file (CSV, gzipped or not) in the order of time; equal moments keep the order of the file. */
export async function readTicks(path: string): Promise<Tick[]> {
  const file = createReadStream(path);
  const input = path.endsWith('.gz') ? file.pipe(createGunzip()) : file;
  // A pipe does not hand errors on: a missing file would otherwise end the process without a word of ours.
  file.on('error', (error) => input.destroy(error));
  const ticks: Tick[] = [];
  let columns: string[] | undefined;
  let number = 0;
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    number += 1;
    if (line.trim() === '') continue;
    try {
      if (columns === undefined) columns = columnsOf(line);
      else ticks.push(toTick(line, columns));
    } catch (error) {
      throw new Error(`${path}, line ${number}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  }
  if (ticks.length === 0) throw new Error(`${path} holds no ticks`);
  return ticks.sort((a, b) => a.atMs - b.atMs || a.quote.t.localeCompare(b.quote.t, 'en'));
}
