import { sessionBin } from '../stored/session-bin.js';
import { totalAmount, totalVolume } from './grouped-bars.js';
import { isSuspended, type StoredBar } from '../stored/shown-bar.js';

/** A stored minute bar; `minutes` are those of its frame. */
export interface FrameBar extends StoredBar {
  readonly minutes: number;
}

/** Bars that lie inside the time of one coarser bar; `whole`: they cover it without a hole. */
interface Inside {
  readonly high: number;
  readonly low: number;
  readonly volume: number;
  readonly whole: boolean;
}

const SESSION_MINUTES = 240;
const HOUR = 60;

const minuteOf = (t: string): number =>
  Number(t.slice(11, 13)) * 60 + Number(t.slice(14, 16)) + (t.slice(17, 19) === '00' ? 0 : 1);
const binOf = (t: string, minutes: number): number => sessionBin(minuteOf(t), minutes).end;

/** Minutes of the session; the rows of the opening auction and of 13:00 cover none. */
const covered = (bars: readonly FrameBar[]): number =>
  bars.reduce((sum, { t, minutes }) => sum + (minuteOf(t) > 570 && minuteOf(t) !== 780 ? minutes : 0), 0);

/**
 * Of the bars of one day, those that answer for it. Every hour of the session is answered by one frame: the one that covers
 * most minutes of the hour; of two that cover as many, the one that covers more of the day, then the coarser one. The SQL of
 * bars/postgres/sql/frames.ts chooses in the same way and explains why.
 */
export function chosenBars<B extends FrameBar>(day: readonly B[]): B[] {
  const ranks = [...Map.groupBy(day, ({ minutes }) => minutes)]
    .map(([minutes, bars]) => ({ minutes, cover: Math.min(SESSION_MINUTES, covered(bars)) }))
    .sort((a, b) => b.cover - a.cover || b.minutes - a.minutes)
    .map(({ minutes }) => minutes);
  return [...Map.groupBy(day, ({ t }) => binOf(t, HOUR)).values()].flatMap((hour) => {
    const frames = [...Map.groupBy(hour, ({ minutes }) => minutes)]
      .map(([minutes, bars]) => ({ minutes, cover: Math.min(HOUR, covered(bars)), rank: ranks.indexOf(minutes) }))
      .sort((a, b) => b.cover - a.cover || a.rank - b.rank);
    return hour.filter(({ minutes }) => minutes === frames[0]?.minutes);
  });
}

/** True where `fine` cannot be of the same trades as the bar `coarse`; feeds may differ a little. */
function contradicts(coarse: StoredBar, fine: Inside): boolean {
  if (fine.high > coarse.high * 1.0001 || fine.low < coarse.low * 0.9999) return true;
  if (fine.volume > Number(coarse.volume) * 1.0001) return true;
  if (!fine.whole) return false;
  return fine.high < coarse.high * 0.98 || fine.low > coarse.low * 1.02 || fine.volume < Number(coarse.volume) * 0.9;
}

/** True where two frames of a day contradict each other, bar by bar of the coarser one. */
export function hasConflict(day: readonly FrameBar[]): boolean {
  const frames = [...Map.groupBy(day, ({ minutes }) => minutes)];
  return frames.some(([minutes, bars]) =>
    frames.some(([finer, fineBars]) => {
      if (finer >= minutes) return false;
      const inside = Map.groupBy(fineBars, ({ t }) => binOf(t, minutes));
      return bars.some((bar) => {
        const fine = inside.get(binOf(bar.t, minutes));
        return fine !== undefined && contradicts(bar, insideOf(fine, minutes));
      });
    }),
  );
}

/** Bars that lie inside the time of a coarser bar of `minutes`. */
function insideOf(bars: readonly FrameBar[], minutes: number): Inside {
  return {
    high: Math.max(...bars.map(({ high }) => high)),
    low: Math.min(...bars.map(({ low }) => low)),
    volume: Number(totalVolume(bars)),
    whole: covered(bars) >= minutes,
  };
}

/** True where the bars that answer for a day contradict its daily bar, or each other. */
export const contradictsDay = (day: StoredBar, bars: readonly FrameBar[]): boolean =>
  hasConflict(bars) || contradicts(day, insideOf(chosenBars(bars), SESSION_MINUTES));

/** The bar of a day, made of its minute bars. */
export function madeDay(day: string, bars: readonly FrameBar[]): StoredBar {
  const chosen = chosenBars(bars).sort((a, b) => (a.t < b.t ? -1 : 1));
  const [first, last] = [chosen[0], chosen.at(-1)];
  if (first === undefined || last === undefined) throw new Error('a day has a bar');
  const { high, low } = insideOf(chosen, SESSION_MINUTES);
  const prices = { open: first.open, high, low, close: last.close };
  const bar = { t: `${day}T00:00:00`, ...prices, volume: totalVolume(chosen), amount: totalAmount(chosen) };
  return { ...bar, suspended: isSuspended(bar, null), conflict: hasConflict(bars), made: true };
}
