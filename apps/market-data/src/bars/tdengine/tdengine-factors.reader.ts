import { addDays, chinaDay } from '@mystocks/calendar';
import type { StoredTimeframe } from '@mystocks/contracts';
import { Injectable } from '@nestjs/common';
import { factorSteps, type DayFactor, type FactorDay, type FactorStep } from '../../factors/factor-steps.js';
import { TdengineStore, type Row } from '../../tdengine/tdengine.store.js';
import { minuteFrames, rangeOf } from './tdengine-bars.reader.js';
import { factorDays, firstStamp, lastFactor } from './tdengine-bars-sql.js';

const ALWAYS = '-infinity';
const endOf = (day: string): string => (day.endsWith('infinity') ? day : `${day}T23:59:59.999`);
const startOf = (day: string): string => (day.endsWith('infinity') ? day : `${day}T00:00:00.000`);

/** How the adjustment factor of one symbol changes: by its daily bars, and by `given`, the factors by ex-date in order. */
@Injectable()
export class TdengineFactorsReader {
  constructor(private readonly store: TdengineStore) {}

  /**
   * The steps from the factor that counts on the first day to the last day; `infinity` is as late as there is anything. The
   * next daily bar, if it is one up to `knownTo`, shows a change before it.
   */
  async between(
    symbol: string,
    given: readonly DayFactor[],
    { first, last, knownTo }: { readonly first: string; readonly last: string; readonly knownTo: string },
  ): Promise<FactorStep[]> {
    const [since, next] = await Promise.all([
      this.#since(symbol, given, first),
      last < knownTo ? this.#day(symbol, [addDays(last, 1), knownTo], { frames: ['1Day'], sort: 'asc' }) : undefined,
    ]);
    return this.#steps(symbol, given, [since ?? first, next ?? last]);
  }

  /** All steps up to a day. Where no minute bar lies between two daily bars, nothing there is unknown. */
  async upTo(symbol: string, given: readonly DayFactor[], last: string): Promise<FactorStep[]> {
    const steps: FactorStep[] = [];
    for (const step of await this.#steps(symbol, given, [ALWAYS, last])) {
      const { until } = step;
      const within = { frames: minuteFrames, sort: 'asc' } as const;
      const day = until === undefined ? step.day : await this.#day(symbol, [step.day, addDays(until, -1)], within);
      if (day !== undefined) steps.push({ day, factor: step.factor });
    }
    return steps;
  }

  /** The first or the last day from one to another that has a bar of these frames. */
  async #day(
    symbol: string,
    [first, last]: readonly [string, string],
    { frames, sort }: { readonly frames: readonly StoredTimeframe[]; readonly sort: 'asc' | 'desc' },
  ): Promise<string | undefined> {
    const range = rangeOf({ symbol, from: startOf(first), to: endOf(last) });
    return (await this.store.query(firstStamp(range, frames, sort))).map(([ts]) => chinaDay(Number(ts)))[0];
  }

  async #steps(
    symbol: string,
    given: readonly DayFactor[],
    [first, last]: readonly [string, string],
  ): Promise<FactorStep[]> {
    const range = rangeOf({ symbol, from: startOf(first), to: endOf(last) });
    const days = (await this.store.query(factorDays(range))).map(dayOf);
    return factorSteps(
      days,
      given.filter(({ day }) => day >= first && day <= last),
    );
  }

  /**
   * The first day that is to be read to know the factor of a day: that of the latest factor up to it. A factor by ex-date may
   * stand between two daily bars and be the one that counted before; what it is compared with counts on the first of them.
   */
  async #since(symbol: string, given: readonly DayFactor[], until: string): Promise<string | undefined> {
    const { day, isBar } = await this.#latest(symbol, given, until);
    if (day === undefined || isBar) return day;
    const before = await this.#day(symbol, [ALWAYS, addDays(day, -1)], { frames: ['1Day'], sort: 'desc' });
    if (before === undefined) return day;
    return (await this.#latest(symbol, given, before)).day ?? before;
  }

  /** The day of the latest factor up to a day, and whether it came with a bar. */
  async #latest(
    symbol: string,
    given: readonly DayFactor[],
    until: string,
  ): Promise<{ readonly day: string | undefined; readonly isBar: boolean }> {
    const rows = await this.store.query(lastFactor(rangeOf({ symbol, from: ALWAYS, to: endOf(until) })));
    const bar = rows.map(([ts]) => chinaDay(Number(ts)))[0];
    const listed = given.findLast(({ day }) => day <= until)?.day;
    const isBar = bar !== undefined && (listed === undefined || bar >= listed);
    return { day: isBar ? bar : listed, isBar };
  }
}

function dayOf([ts, close, preClose, factor]: Row): FactorDay {
  const optional = (value: Row[number] | undefined): number | null => (value == null ? null : Number(value));
  return { day: chinaDay(Number(ts)), close: Number(close), preClose: optional(preClose), factor: optional(factor) };
}
