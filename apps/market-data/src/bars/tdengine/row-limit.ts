import type { Timeframe } from '@mystocks/contracts';
import { binMinutes } from '../stored/bar-window.js';

const DAYS = { week: 7, month: 31 } as const;
const TRADING_MINUTES = 240;
// From 09:15 to 09:30 and at 13:00.
const SPARE_MINUTES = 17;

/**
 * Number of stored rows that surely contains the groups of a page of `limit` bars. bars/postgres/sql/stored.ts explains
 * why; both stores must give the same pages. `finest`: minutes of the finest frame that the bins are made of.
 */
export function rowLimit(timeframe: Timeframe, limit: number, finest: number): number {
  const groups = limit + 3;
  const minutes = binMinutes[timeframe];
  if (minutes !== undefined) return rowsOfBins(groups, minutes, finest);
  if (timeframe === '1Week') return groups * DAYS.week;
  if (timeframe === '1Month') return groups * DAYS.month;
  return limit + 1;
}

/** The same of 1Min where rows of the opening auction join the first minute. */
export const rowLimitWithAuction = (limit: number): number => rowsOfBins(limit + 3, 1, 1);

function rowsOfBins(groups: number, minutes: number, finest: number): number {
  const rows = Math.floor((groups * minutes) / finest);
  return rows + SPARE_MINUTES * (Math.floor((groups * minutes) / TRADING_MINUTES) + 3);
}
