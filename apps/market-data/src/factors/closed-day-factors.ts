import { addDays, tradesOn, type Day } from '@mystocks/calendar';
import type { IngestWarning } from '@mystocks/contracts';
import { LineSample } from '../lines/line-sample.js';
import { exchangeOf } from '../instruments/symbols.js';
import type { GivenFactor } from './factor-lines.js';

/**
 * Factors of daily bars that are refused only because their exchange was closed on that day. A factor is no bar: it counts
 * from its day on, as one that is given by ex-date.
 */
export class ClosedDayFactors {
  readonly #sample = new LineSample();
  readonly #factors = new Map<string, GivenFactor>();
  #message = '';
  #lastLine = 0;

  /** Of two lines about one instrument and day the later one counts. */
  add(line: number, factor: GivenFactor): void {
    this.#factors.set(`${factor.symbol} ${factor.day}`, factor);
    // A line that is read twice, as it stands and in plain spelling, is one line.
    if (line === this.#lastLine) return;
    this.#lastLine = line;
    this.#sample.add(line);
    if (this.#message === '') {
      const from = nextTradingDay(factor);
      this.#message = `the bars are refused, because the market was closed, but their adj_factor is kept and counts from the next trading day on: that of line ${line} (${factor.day}) from ${from} on`;
    }
  }

  get factors(): GivenFactor[] {
    return [...this.#factors.values()];
  }

  get warnings(): IngestWarning[] {
    const { count, lines } = this.#sample;
    return count === 0 ? [] : [{ kind: 'closed_day_factor', count, lines, message: this.#message }];
  }
}

function nextTradingDay({ symbol, day }: GivenFactor): Day {
  const exchange = exchangeOf(symbol) ?? '';
  let next = addDays(day, 1);
  while (!tradesOn(exchange, Number(next.replaceAll('-', '')))) next = addDays(next, 1);
  return next;
}
