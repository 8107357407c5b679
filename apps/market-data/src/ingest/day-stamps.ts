import type { BarStamps } from '@mystocks/contracts';
import { AFTERNOON, CLOSE, MORNING, NOON } from '../lines/bar-cells.js';
import { dayKeyOf, minuteOf, minutesOf, type BarRows } from './rows/bar-rows.js';
import { refusals, type Refusal } from '../lines/refusals.js';

/** What the stamps of one instrument, day and frame prove. */
const [STARTS, FIRST, LAST_MORNING, NOONS, HAS_AFTERNOON, FIRST_AFTERNOON, LAST, CLOSES] = [
  1, 2, 4, 8, 16, 32, 64, 128,
];

/** The minute stamps of a block. */
export interface ShownStamps {
  /** Keys of the rows that are valid on their own. */
  readonly keys: Float64Array;
  /** Keys of days that have a line stamped 13:00; where starts are given, one stamped 11:30 or 15:00. */
  readonly marked: ReadonlySet<number>;
  /** Keys of days whose row stamped 09:30 has more than one price, see {@link tradedOpenings}. */
  readonly traded: ReadonlySet<number>;
  /** Frames, in minutes, of which earlier blocks of the file were refused for their stamps. */
  readonly frames: ReadonlySet<number>;
}

/**
 * Judges the stamps of whole days: of minute bars that are stamped at their starts each stamp but 13:00 may be the end of
 * another bar, so only the day as a whole shows it. A block may hold only a part of a day. Where one day of a frame is
 * stamped at its starts, in this block or in an earlier one of its file, the parts that show nothing are taken for the same.
 * @returns why a day is refused, by its key
 */
export const startedDays = (shown: ShownStamps): ReadonlyMap<number, Refusal> =>
  daysLike(shown, {
    isOther: (day, flags) =>
      isStarted(flags, { hasNoon: shown.marked.has(day), isTraded: shown.traded.has(day), minutes: minutesOf(day) }),
    isContrary: (_day, flags) => (flags & (NOONS | CLOSES)) !== 0,
    refusal: refusals.starts,
  });

/**
 * The same for a file that is said to be stamped at bar starts: its days are stamped at their ends when they have 11:30 or
 * 15:00 and neither 13:00 nor a bar of 09:30. A 1Min row of 09:30 with one price may be the opening auction's own.
 */
export function endedDays(shown: ShownStamps): ReadonlyMap<number, Refusal> {
  const showsStart = (day: number, flags: number): boolean =>
    (flags & FIRST_AFTERNOON) !== 0 || ((flags & FIRST) !== 0 && (minutesOf(day) > 1 || shown.traded.has(day)));
  return daysLike(shown, {
    isOther: (day, flags) => shown.marked.has(day) && !showsStart(day, flags),
    isContrary: showsStart,
    refusal: refusals.ends,
  });
}

/**
 * Keys of days whose row stamped 09:30 is a bar of trading, not the row of the opening auction: an auction has one price, so
 * open, high, low and close of its row are the same. Where starts are given the row is stored under 09:31.
 */
export function tradedOpenings(rows: BarRows, stamps: BarStamps | undefined): ReadonlySet<number> {
  const opening = stamps === 'start' ? MORNING + 1 : MORNING;
  const traded = new Set<number>();
  rows.keys.forEach((key, row) => {
    if (minuteOf(key) !== opening) return;
    const [, , , , high, low] = rows.cells(row);
    if (Number(high) !== Number(low)) traded.add(dayKeyOf(key));
  });
  return traded;
}

/** Frames, in minutes, of refused days. */
export const framesOf = (days: Iterable<number>): ReadonlySet<number> => new Set(Array.from(days, minutesOf));

interface Rule {
  /** Returns whether the stamps of a day alone prove that they are of the other kind. */
  readonly isOther: (day: number, flags: number) => boolean;
  /** Returns whether the stamps of a day prove that they are not of the other kind. */
  readonly isContrary: (day: number, flags: number) => boolean;
  readonly refusal: Refusal;
}

function daysLike({ keys, frames: before }: ShownStamps, { isOther, isContrary, refusal }: Rule): Map<number, Refusal> {
  const shown = flagsOf(keys);
  const frames = new Set(before);
  for (const [day, flags] of shown) if (isOther(day, flags)) frames.add(minutesOf(day));
  const refused = new Map<number, Refusal>();
  if (frames.size === 0) return refused;
  for (const [day, flags] of shown) {
    const isLike = frames.has(minutesOf(day)) && !isContrary(day, flags);
    if (isLike || isOther(day, flags)) refused.set(day, refusal);
  }
  return refused;
}

interface DayEvidence {
  /** It has a line stamped 13:00. */
  readonly hasNoon: boolean;
  /** Its row of 09:30 has more than one price. */
  readonly isTraded: boolean;
  /** Of the frame. */
  readonly minutes: number;
}

function isStarted(flags: number, { hasNoon, isTraded, minutes }: DayEvidence): boolean {
  const has = (flag: number): boolean => (flags & flag) !== 0;
  if (has(CLOSES)) return false;
  // 13:00 and the last start, and no end of a session between or behind them.
  if (hasNoon && has(LAST)) return has(STARTS) || !has(NOONS);
  if (has(NOONS)) return false;
  // With 09:31 and without 09:30 it is a part of a day whose 13:00 stands for 11:30.
  if (hasNoon) return has(STARTS) || !has(FIRST);
  // A row of 09:30 with one price may be the opening auction's own, so that more must show it; coarser frames have no such row.
  return has(STARTS) && (minutes > 1 || isTraded || has(LAST) || (has(LAST_MORNING) && !has(HAS_AFTERNOON)));
}

function flagsOf(keys: Float64Array): Map<number, number> {
  const shown = new Map<number, number>();
  let [day, minutes, flags] = [-1, 0, 0];
  for (const key of keys) {
    const own = dayKeyOf(key);
    if (own !== day) {
      if (day >= 0) shown.set(day, flags);
      day = own;
      minutes = minutesOf(day);
      flags = shown.get(day) ?? 0;
    }
    flags |= flagOf(minuteOf(key), minutes);
  }
  if (day >= 0) shown.set(day, flags);
  return shown;
}

function flagOf(minute: number, minutes: number): number {
  if (minute === MORNING) return STARTS;
  if (minute === NOON) return NOONS;
  if (minute === CLOSE) return CLOSES | HAS_AFTERNOON;
  let flags = minute > AFTERNOON ? HAS_AFTERNOON : 0;
  if (minute === MORNING + minutes) flags |= FIRST;
  if (minute === NOON - minutes) flags |= LAST_MORNING;
  if (minute === AFTERNOON + minutes) flags |= FIRST_AFTERNOON;
  if (minute === CLOSE - minutes) flags |= LAST;
  return flags;
}
