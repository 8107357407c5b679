import { addDays, chinaDay } from '@mystocks/calendar';
import type { StoredTimeframe } from '@mystocks/contracts';
import { Injectable } from '@nestjs/common';
import { factorSteps, type DayFactor, type FactorDay, type FactorStep } from '../timeseries/factor-steps.js';
import { TdengineStore, type Row } from '../timeseries/tdengine.store.js';
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
   * next daily bar, if it is one up to `knownTo`, tells of a change before it.
   */
  async between(
    symbol: string,
    given: readonly DayFactor[],
    { first, last, knownTo }: { readonly first: string; readonly last: string; readonly knownTo: string },
  ): Promise<FactorStep[]> {
    const [since, next] = await Promise.all([
      this.#latest(symbol, given, first),
      last < knownTo ? this.#firstDay(symbol, [addDays(last, 1), knownTo], ['1Day']) : undefined,
    ]);
    return this.#steps(symbol, given, [since ?? first, next ?? last]);
  }

  /** All steps up to a day. Where no minute bar lies between two daily bars, nothing there is unknown. */
  async upTo(symbol: string, given: readonly DayFactor[], last: string): Promise<FactorStep[]> {
    const steps: FactorStep[] = [];
    for (const step of await this.#steps(symbol, given, [ALWAYS, last])) {
      const { until } = step;
      const day =
        until === undefined ? step.day : await this.#firstDay(symbol, [step.day, addDays(until, -1)], minuteFrames);
      if (day !== undefined) steps.push({ day, factor: step.factor });
    }
    return steps;
  }

  /** The first day from one to another that has a bar of these frames. */
  async #firstDay(
    symbol: string,
    [first, last]: readonly [string, string],
    frames: readonly StoredTimeframe[],
  ): Promise<string | undefined> {
    const range = rangeOf({ symbol, from: startOf(first), to: endOf(last) });
    return (await this.store.query(firstStamp(range, frames, 'asc'))).map(([ts]) => chinaDay(Number(ts)))[0];
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

  /** The day of the latest factor up to a day. */
  async #latest(symbol: string, given: readonly DayFactor[], until: string): Promise<string | undefined> {
    const rows = await this.store.query(lastFactor(rangeOf({ symbol, from: ALWAYS, to: endOf(until) })));
    const days = [
      ...rows.map(([ts]) => chinaDay(Number(ts))),
      ...given.map(({ day }) => day).filter((day) => day <= until),
    ];
    return days.sort().at(-1);
  }
}

function dayOf([ts, close, preClose, factor]: Row): FactorDay {
  const optional = (value: Row[number] | undefined): number | null => (value == null ? null : Number(value));
  return { day: chinaDay(Number(ts)), close: Number(close), preClose: optional(preClose), factor: optional(factor) };
}
