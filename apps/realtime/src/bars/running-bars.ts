import type { Quote } from '@mystocks/contracts';
import { systemClock } from '@mystocks/kernel';

/** A bar of one minute that is still made from quotes, as subscribers get it. */
export interface RunningBar {
  readonly t: string;
  readonly o: number;
  readonly h: number;
  readonly l: number;
  readonly c: number;
  /** Absent while it is not known what was traded before the minute began. */
  readonly v?: number;
  readonly partial: true;
  /** True when a quote of it was simulated; absent otherwise. */
  readonly simulated?: true;
}

interface Minute {
  readonly day: string;
  /** 1 for the bar stamped 09:31 to 240 for the one stamped 15:00. */
  readonly index: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly last: number;
  /** Cumulative volume when the minute began, and now. */
  readonly before: number | undefined;
  readonly volume: number | undefined;
  readonly simulated: boolean;
}

/** A feed whose newest bar is older than this many minutes of trading has stopped. */
const FEED_SILENCE = 5;
const DAY_MS = 86_400_000;
const AUCTION = 9 * 60 + 25;
const [MORNING, NOON] = [9 * 60 + 30, 11 * 60 + 30];
const [AFTERNOON, CLOSE] = [13 * 60, 15 * 60];
const MORNING_MINUTES = NOON - MORNING;

/**
 * The bars of the current minute, made from quotes for symbols that no feed of bars covers. Prices are those of quotes that
 * arrived, and nothing else; the volume is the difference of cumulative volumes, where both are known. Such a bar stays
 * `partial` for ever: the whole one can only come from a feed.
 */
export class RunningBars {
  readonly #minutes = new Map<string, Minute>();
  /** Stamp of the newest bar of one minute that a feed brought, by symbol. */
  readonly #fed = new Map<string, string>();

  /** `symbolsMax`: of how many symbols minutes and feeds are remembered; the one that changed the longest ago falls out. */
  constructor(private readonly symbolsMax = 20_000) {}

  /** A feed brought a bar of one minute. One of a later day than tomorrow is no sign of a feed. */
  fed(symbol: string, stamp: string, nowMs = systemClock.now()): void {
    const before = this.#fed.get(symbol) ?? '';
    if (stamp > before && Date.parse(stamp) < nowMs + DAY_MS) this.#put(this.#fed, symbol, stamp);
  }

  /** Quotes of any symbol were missed: the volume traded up to now is no longer known. */
  missedQuotes(): void {
    for (const [symbol, minute] of this.#minutes) this.#minutes.set(symbol, { ...minute, volume: undefined });
  }

  /**
   * The bar that a quote belongs to; undefined outside of trading, without a price, and while a feed brings bars.
   * `isAfterGap`: quotes of the symbol before this one were missed.
   */
  quoted(quote: Quote, isAfterGap = false): RunningBar | undefined {
    const { symbol, last } = quote;
    const minute = this.#minuteOf(quote, isAfterGap);
    if (minute === undefined || last === undefined) return undefined;
    this.#put(this.#minutes, symbol, minute);
    return this.#isFed(symbol, minute) ? undefined : shown(minute, quote.t.slice(-6));
  }

  #minuteOf(quote: Quote, isAfterGap: boolean): Minute | undefined {
    const { symbol, t, last, v, simulated = false } = quote;
    const index = minuteIndex(t.slice(11, 16), v);
    if (index === undefined || last === undefined) return undefined;
    const day = t.slice(0, 10);
    const known = this.#minutes.get(symbol);
    if (known?.day === day && known.index === index) {
      const high = Math.max(known.high, last);
      const low = Math.min(known.low, last);
      return { ...known, high, low, last, volume: v, simulated: simulated || known.simulated };
    }
    // The day begins with nothing traded; later only a quote of the minute before says where this one began.
    const follows = !isAfterGap && known?.day === day && known.index === index - 1;
    const before = index === 1 ? 0 : follows ? known.volume : undefined;
    return { day, index, open: last, high: last, low: last, last, before, volume: v, simulated };
  }

  #put<T>(to: Map<string, T>, symbol: string, value: T): void {
    to.delete(symbol);
    to.set(symbol, value);
    if (to.size <= this.symbolsMax) return;
    const [oldest] = to.keys();
    if (oldest !== undefined) to.delete(oldest);
  }

  #isFed(symbol: string, { day, index }: Minute): boolean {
    const stamp = this.#fed.get(symbol) ?? '';
    if (stamp.slice(0, 10) !== day) return stamp > day;
    return index - endIndex(stamp.slice(11, 16)) <= FEED_SILENCE;
  }
}

function shown({ day, index, open, high, low, last, before, volume, simulated }: Minute, zone: string): RunningBar {
  const traded = before === undefined || volume === undefined || volume < before ? undefined : volume - before;
  return {
    t: `${day}T${endOf(index)}:00${zone}`,
    ...{ o: open, h: high, l: low, c: last },
    ...(traded === undefined ? {} : { v: traded }),
    partial: true,
    ...(simulated ? { simulated } : {}),
  };
}

const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

/**
 * The bar that a quote of this time (`HH:MM`) belongs to. The result of the opening auction belongs to the first minute, a
 * quote stamped 11:30 or 15:00 to the minute that ends there. Undefined before 09:25, at lunch and after the close.
 */
function minuteIndex(time: string, volume: number | undefined): number | undefined {
  const minute = minutesOf(time);
  // Before the first trade `last` is no price of the day.
  if (minute < MORNING) return minute >= AUCTION && volume !== undefined && volume > 0 ? 1 : undefined;
  if (minute <= NOON) return Math.min(minute - MORNING + 1, MORNING_MINUTES);
  if (minute < AFTERNOON || minute > CLOSE) return undefined;
  return MORNING_MINUTES + Math.min(minute - AFTERNOON + 1, CLOSE - AFTERNOON);
}

/** Index of the bar with this stamp. */
function endIndex(time: string): number {
  const minute = minutesOf(time);
  return minute <= NOON ? minute - MORNING : MORNING_MINUTES + minute - AFTERNOON;
}

/** Stamp of a bar: its end. */
function endOf(index: number): string {
  const minute = index <= MORNING_MINUTES ? MORNING + index : AFTERNOON + index - MORNING_MINUTES;
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
}
