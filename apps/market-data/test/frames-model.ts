import { addDays, weekday } from '@mystocks/calendar';
import fc from 'fast-check';
import type { WireBar } from './bars-reader.js';

/** A minute bar of a frame; `end` counts minutes of the session, 1 to 240, and up to 0 is the opening auction. */
export interface ModelBar {
  readonly day: string;
  readonly frame: number;
  readonly end: number;
  readonly price: number;
  readonly volume: number;
}

export const FRAMES = [1, 5, 15, 30, 60] as const;
const FIRST = '2024-07-01';
const DAYS = 9;

const two = (value: number): string => String(value).padStart(2, '0');
export const clock = (end: number): string => {
  const minute = end <= 120 ? 570 + end : 660 + end;
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
};

/** How much of a frame is there on a day: nothing, all, some bars of all hours, or the bars of some hours. */
const aDensity = fc.constantFrom('none', 'none', 'all', 'some', 'morning', 'one') as fc.Arbitrary<
  'none' | 'all' | 'some' | 'morning' | 'one'
>;
const aDay = fc.record({
  frames: fc.tuple(aDensity, aDensity, aDensity, aDensity, aDensity),
  hasDaily: fc.boolean(),
  seed: fc.nat({ max: 1_000_000 }),
});

export interface ModelMarket {
  readonly bars: readonly ModelBar[];
  /** Days with a daily bar. */
  readonly daily: readonly string[];
}

/** Some days of one instrument, with frames of minutes that are as complete as they happen to be. */
export const aMarket: fc.Arbitrary<ModelMarket> = fc.array(aDay, { minLength: DAYS, maxLength: DAYS }).map((days) => {
  const dated = days
    .map((one, offset) => ({ ...one, day: addDays(FIRST, offset) }))
    .filter(({ day }) => weekday(day) < 5);
  return {
    bars: dated.flatMap(({ day, frames, seed }) =>
      FRAMES.flatMap((frame, at) => barsOf(day, frame, frames[at] ?? 'none', seed + at)),
    ),
    daily: dated.filter(({ hasDaily }) => hasDaily).map(({ day }) => day),
  };
});

function barsOf(day: string, frame: number, density: string, seed: number): ModelBar[] {
  const chance = (at: number): number => ((at * 7_919 + seed * 104_729 + 13) % 1_009) / 1_009;
  const ends = [...Array(240 / frame).keys()].map((at) => (at + 1) * frame);
  const kept = ends.filter((end, at) => {
    if (density === 'some') return chance(at) < 0.5;
    if (density === 'morning') return end <= 120 && chance(at) < 0.9;
    return density === 'one' ? at === seed % ends.length : density === 'all';
  });
  // A part of a day with a row of 09:30 would be one that is stamped at its starts.
  const rows = density === 'all' ? [-5, 0] : [-5];
  const auction = frame === 1 && density !== 'none' && seed % 2 === 0 ? rows : [];
  return [...auction, ...kept].map((end) => ({
    ...{ day, frame, end },
    price: 10 + Math.round(chance(Math.abs(end)) * 100) / 100,
    volume: 1 + ((Math.abs(end) * 31 + seed) % 97),
  }));
}

/** The hour of the session, 1 to 4. */
const hourOf = ({ end }: ModelBar): number => Math.max(1, Math.ceil(end / 60));

/** The bars that answer for a day, found the slow way. */
function answering(day: readonly ModelBar[]): ModelBar[] {
  const cover = (bars: readonly ModelBar[], frame: number): number =>
    bars.filter((one) => one.frame === frame && one.end > 0).length * frame;
  return [1, 2, 3, 4].flatMap((hour) => {
    const inside = day.filter((one) => hourOf(one) === hour);
    const covers = FRAMES.filter((frame) => inside.some((one) => one.frame === frame)).map((frame) => ({
      frame,
      order: [cover(inside, frame), cover(day, frame), frame] as const,
    }));
    const best = covers.sort((a, b) => b.order[0] - a.order[0] || b.order[1] - a.order[1] || b.order[2] - a.order[2])[0]
      ?.frame;
    return inside.filter(({ frame }) => frame === best).sort((a, b) => a.end - b.end);
  });
}

type Expected = Pick<WireBar, 't' | 'o' | 'h' | 'l' | 'c' | 'v'>;

/** Bars of `minutes`, or of days where that is undefined. */
export function expectedBars({ bars }: ModelMarket, minutes: number | undefined): Expected[] {
  const usable = bars.filter(({ frame }) => frame <= (minutes ?? 60));
  return [...new Set(usable.map(({ day }) => day))].sort().flatMap((day) => {
    const chosen = answering(usable.filter((one) => one.day === day));
    if (minutes === undefined) return [together(chosen, `${day}T00:00`)];
    const ends = [...new Set(chosen.map(({ end }) => Math.max(1, Math.ceil(end / minutes)) * minutes))];
    return ends.map((end) =>
      together(
        chosen.filter((one) => Math.max(1, Math.ceil(one.end / minutes)) * minutes === end),
        `${day}T${clock(end)}`,
      ),
    );
  });
}

function together(bars: readonly ModelBar[], time: string): Expected {
  const prices = bars.map(({ price }) => price);
  const v = bars.reduce((sum, { volume }) => sum + volume, 0);
  const [o = 0, c = 0] = [prices[0], prices.at(-1)];
  return { t: `${time}:00+08:00`, o, h: Math.max(...prices), l: Math.min(...prices), c, v };
}
