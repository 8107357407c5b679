import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { recordedData } from './recorded-files.js';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(recordedData);

/** The real market data beside the checkout; absent on a user's clone. */
export const haveMarketData = existsSync(folder);

/** What people looked at during one while: the most popular codes, each with how often compared to the others. */
export type Popularity = ReadonlyMap<string, number>;

/** Codes of the listed market (about 5,448). */
export const marketCodes = (): string[] => rowsOf('cn_stock_list_mit.csv').map(([code = '']) => code);

/**
 * What was popular, one while after another: 24 days of 2025 (Eastmoney, ranks alone: each rank weighs what it weighs
 * on average in the other list) and 75 moments of 2026 (THS, with heat).
 */
export function popularities(): Popularity[] {
  const heats = groupsOf(
    rowsOf('attn_ths_hot_top100_20260508_13.csv.gz').map(([at = '', , code = '', , , heat]) => [
      at,
      code,
      Number(heat),
    ]),
  );
  const byRank = meanByRank(heats);
  const ranks = groupsOf(
    rowsOf('attn_em_hot_rank_daily_202502_202503.csv').map(([day = '', rank, code = '']) => [
      day,
      code,
      byRank[Number(rank) - 1] ?? 0,
    ]),
  );
  return [...ranks, ...heats];
}

function rowsOf(name: string): string[][] {
  const bytes = readFileSync(join(folder, name));
  const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  return text
    .trimEnd()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.split(','));
}

function groupsOf(rows: readonly (readonly [when: string, code: string, weight: number])[]): Popularity[] {
  const groups = new Map<string, Map<string, number>>();
  for (const [when, code, weight] of rows) {
    const group = groups.get(when);
    if (group === undefined) groups.set(when, new Map([[code, weight]]));
    else group.set(code, weight);
  }
  return [...groups.values()];
}

/** Each list brought to a sum of one, then the mean of every place. */
function meanByRank(lists: readonly Popularity[]): number[] {
  const means: number[] = [];
  for (const list of lists) {
    const sum = [...list.values()].reduce((total, weight) => total + weight, 0);
    [...list.values()].forEach((weight, place) => {
      means[place] = (means[place] ?? 0) + weight / sum / lists.length;
    });
  }
  return means;
}
