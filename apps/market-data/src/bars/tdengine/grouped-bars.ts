import { addDays, weekday } from '@mystocks/calendar';
import type { Timeframe } from '@mystocks/contracts';
import { binMinutes } from '../stored/bar-window.js';
import { sessionBin } from '../stored/session-bin.js';
import { textOfUnits, unitsOf, unitsOfText } from '../../numbers/exact-decimal.js';
import type { Price, ShownBar } from '../stored/shown-bar.js';

const AMOUNT_DECIMALS = 6;
const two = (value: number): string => String(value).padStart(2, '0');

const FIRST_MINUTE = '09:31:00';

/** True for a row of the opening auction: it is a part of the first minute, as of every first bin. */
export const isBeforeFirstMinute = (t: string): boolean => t.slice(11) < FIRST_MINUTE;

/** What the bars that become one bar have in common: their week, month, bin or minute, as text that sorts. */
export function groupOf(timeframe: Timeframe): (t: string) => string {
  const minutes = binMinutes[timeframe];
  if (minutes !== undefined) return (t) => binEnd(t, minutes);
  if (timeframe === '1Min') return (t) => (isBeforeFirstMinute(t) ? `${t.slice(0, 10)}T${FIRST_MINUTE}` : t);
  if (timeframe === '1Week') return (t) => addDays(t.slice(0, 10), -weekday(t.slice(0, 10)));
  return (t) => t.slice(0, 7);
}

function binEnd(t: string, minutes: number): string {
  const minuteOfDay = Number(t.slice(11, 13)) * 60 + Number(t.slice(14, 16)) + (t.slice(17, 19) === '00' ? 0 : 1);
  const { end } = sessionBin(minuteOfDay, minutes);
  return `${t.slice(0, 10)}T${two(Math.floor(end / 60))}:${two(end % 60)}:00`;
}

/**
 * Puts bars together, in the order they come in. A bin or minute is stamped with its end, a week or month with its last day.
 * With `cut` the last group may lack bars: it is left out.
 */
export function groupedBars(
  bars: readonly ShownBar[],
  options: { readonly timeframe: Timeframe; readonly sort: 'asc' | 'desc'; readonly cut: boolean },
): ShownBar[] {
  const nameOf = groupOf(options.timeframe);
  const groups: { readonly name: string; readonly bars: ShownBar[] }[] = [];
  for (const bar of bars) {
    const name = nameOf(bar.t);
    const last = groups.at(-1);
    if (last?.name === name) last.bars.push(bar);
    else groups.push({ name, bars: [bar] });
  }
  if (options.cut) groups.pop();
  const isBin = options.timeframe.endsWith('Min');
  return groups.map((group) => {
    const inTime = options.sort === 'asc' ? group.bars : group.bars.toReversed();
    const one = together(inTime);
    return isBin ? { ...one, t: group.name } : one;
  });
}

/** One bar of several, given in the order of time. Suspended days have no part in its prices unless there is no other day. */
function together(bars: readonly ShownBar[]): ShownBar {
  const traded = bars.filter(({ suspended }) => suspended !== true);
  const counted = traded.length > 0 ? traded : bars;
  const [first, last, newest] = [counted[0], counted.at(-1), bars.at(-1)];
  if (first === undefined || last === undefined || newest === undefined) throw new Error('a group has a bar');
  return {
    t: newest.t,
    open: bars.some(({ open }) => open === null) ? null : first.open,
    high: extreme(
      counted.map(({ high }) => high),
      (a, b) => a > b,
    ),
    low: extreme(
      counted.map(({ low }) => low),
      (a, b) => a < b,
    ),
    close: last.close,
    volume: totalVolume(bars),
    amount: totalAmount(bars),
    suspended: traded.length === 0,
    conflict: bars.some(({ conflict }) => conflict === true),
    made: bars.some(({ made }) => made === true),
  };
}

function extreme(prices: readonly (Price | null)[], isBeyond: (a: Price, b: Price) => boolean): Price | null {
  return prices.reduce((most, one) => (one !== null && (most === null || isBeyond(one, most)) ? one : most), null);
}

export const totalVolume = (bars: readonly Pick<ShownBar, 'volume'>[]): bigint =>
  bars.reduce((total, { volume }) => total + BigInt(volume), 0n);

/** Not known when one of them is not. */
export function totalAmount(bars: readonly Pick<ShownBar, 'amount'>[]): string | null {
  let units = 0n;
  for (const { amount } of bars) {
    if (amount === null) return null;
    units += typeof amount === 'string' ? unitsOfText(amount, AMOUNT_DECIMALS) : unitsOf(amount, AMOUNT_DECIMALS);
  }
  return textOfUnits(units, AMOUNT_DECIMALS);
}
