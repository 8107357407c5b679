import { mapBounded } from '@mystocks/kernel';
import { Injectable } from '@nestjs/common';
import { InstrumentDirectory } from '../../instruments/instrument-directory.js';
import { FactorsRepository } from '../../factors/factors.repository.js';
import { adjustedBars } from './adjusted-bars.js';
import { barsPage, type Candidates } from './bars-page.js';
import { factorLine, type DayFactor, type FactorStep } from '../../factors/factor-steps.js';
import { contradictsDay, type FrameBar } from './frame-choice.js';
import { groupedBars, isBeforeFirstMinute } from './grouped-bars.js';
import { rowLimit, rowLimitWithAuction } from './row-limit.js';
import type { ShownBar, StoredBar } from '../stored/shown-bar.js';
import { beginsInAuction, binMinutes } from '../stored/bar-window.js';
import {
  BarsRepository,
  comparedDays,
  madeDays,
  type BarSeries,
  type BarsQuestion,
} from '../stored/bars.repository.js';
import { TdengineBarsReader, type Range } from './tdengine-bars.reader.js';
import { TdengineDaysReader } from './tdengine-days.reader.js';
import { TdengineFactorsReader } from './tdengine-factors.reader.js';

/** More daily bars than the minutes of a page can have days. */
const DAYS_MAX = 20_000;
/** Instruments of one question that are read at the same time. */
const AT_ONCE = 8;

type Instrument = BarsQuestion['instruments'][number];

/** One of the instruments of a question. */
interface Asked {
  readonly place: number;
  readonly instrument: Instrument;
  readonly symbol: string;
  /** Factors given by ex-date. */
  readonly given: readonly DayFactor[];
}

/** Rows that were read, at most `limit`. */
interface Stored {
  readonly rows: readonly StoredBar[];
  readonly limit: number;
  /** Each row is a bar. */
  readonly isWhole: boolean;
  /** More days could have been made of minute bars. */
  readonly cut?: boolean;
}

/** Bars that lie in TDengine, put together here as PostgreSQL puts together its own: the same pages, byte for byte. */
@Injectable()
export class TdengineBarsRepository extends BarsRepository {
  constructor(
    private readonly directory: InstrumentDirectory,
    private readonly reader: TdengineBarsReader,
    private readonly factors: TdengineFactorsReader,
    private readonly given: FactorsRepository,
  ) {
    super();
  }

  async page(question: BarsQuestion): Promise<BarSeries[]> {
    const symbols = await this.directory.symbols();
    const ids = question.instruments.map(({ id }) => id);
    const given =
      question.adjustment === 'raw' ? undefined : await this.given.upTo(ids, dayOf(question.window.knownTo));
    const candidates = await mapBounded(question.instruments, { atOnce: AT_ONCE }, (instrument, place) => {
      const of = {
        place,
        instrument,
        symbol: symbols.get(instrument.id) ?? '',
        given: given?.get(instrument.id) ?? [],
      };
      return this.#candidates(question, of);
    });
    return barsPage(candidates, question);
  }

  async factorSteps(id: number, knownTo: string): Promise<FactorStep[]> {
    const symbol = (await this.directory.symbols()).get(id) ?? '';
    const given = (await this.given.upTo([id], dayOf(knownTo))).get(id) ?? [];
    return this.factors.upTo(symbol, given, dayOf(knownTo));
  }

  async #candidates(question: BarsQuestion, of: Asked): Promise<Candidates> {
    const { timeframe, sort, window } = question;
    const { rows, limit, isWhole, cut = false } = await this.#stored(question, of.symbol);
    const shown = await this.#priced(question, of, rows);
    const filled = cut || (!isWhole && rows.length >= limit);
    const bars = isWhole ? shown : groupedBars(shown, { timeframe, sort, cut: filled });
    // Stamps are whole seconds, the ends of a window have milliseconds.
    const isWithin = ({ t }: ShownBar): boolean => `${t}.000` >= window.from && `${t}.000` <= window.to;
    return { place: of.place, bars: bars.filter(isWithin), filled };
  }

  async #stored(question: BarsQuestion, symbol: string): Promise<Stored> {
    const { timeframe, window, sort, limit: bars } = question;
    const minutes = binMinutes[timeframe];
    const range = { symbol, from: window.storedFrom, to: window.storedTo, sort };
    if (minutes === undefined) {
      if (timeframe === '1Min') return this.#minutes(question, range);
      const limit = rowLimit(timeframe, bars, 1);
      const limits = { made: madeDays(question), compared: comparedDays(question) };
      const { days, cut } = await new TdengineDaysReader(this.reader).days({ ...range, limit }, limits);
      return { rows: days, limit, isWhole: timeframe === '1Day', cut };
    }
    const frames = await this.reader.frames(range, minutes);
    const limit = rowLimit(timeframe, bars, frames.finest);
    const rows = await this.reader.chosen({ ...range, limit }, frames.names);
    return { rows: await this.#compared(range, rows), limit, isWhole: false };
  }

  /** Minutes, each a bar, unless rows of the opening auction are among them or the one after the page. */
  async #minutes({ window, limit: bars }: BarsQuestion, range: Range): Promise<Stored> {
    if (!beginsInAuction(window)) {
      const limit = rowLimit('1Min', bars, 1);
      const rows = await this.reader.minutes({ ...range, limit }, '1Min');
      if (!rows.some(({ t }) => isBeforeFirstMinute(t))) {
        return { rows: await this.#compared(range, rows), limit, isWhole: true };
      }
    }
    const limit = rowLimitWithAuction(bars);
    const rows = await this.reader.minutes({ ...range, limit }, '1Min');
    return { rows: await this.#compared(range, rows), limit, isWhole: false };
  }

  /** Minute bars, each day of them compared with its daily bar. */
  async #compared(range: Range, rows: readonly FrameBar[]): Promise<readonly StoredBar[]> {
    const days = Map.groupBy(rows, ({ t }) => dayOf(t));
    const inTime = [...days.keys()].sort();
    const [first, last] = [inTime[0], inTime.at(-1)];
    if (first === undefined || last === undefined) return rows;
    const daily = await this.reader.frame(
      { symbol: range.symbol, from: `${first}T00:00:00.000`, to: `${last}T23:59:59.999`, sort: 'asc', limit: DAYS_MAX },
      '1Day',
    );
    const clashing = new Set<string>();
    for (const day of daily) {
      const minutes = days.get(dayOf(day.t));
      if (minutes !== undefined && contradictsDay(day, minutes)) clashing.add(dayOf(day.t));
    }
    if (clashing.size === 0) return rows;
    return rows.map((row) => ({ ...row, conflict: row.conflict === true || clashing.has(dayOf(row.t)) }));
  }

  async #priced(
    { adjustment, window }: BarsQuestion,
    { instrument, symbol, given }: Asked,
    rows: readonly StoredBar[],
  ): Promise<readonly ShownBar[]> {
    if (adjustment === 'raw' || rows.length === 0) return rows;
    if (instrument.kind === 'index') return adjustedBars(rows, adjustment, { of: () => 1, newest: 1 });
    const [first = '', last = ''] = [rows[0], rows.at(-1)].map((row) => dayOf(row?.t ?? '')).sort();
    const knownTo = dayOf(window.knownTo);
    const of = factorLine(await this.factors.between(symbol, given, { first, last, knownTo }));
    if (adjustment === 'hfq') return adjustedBars(rows, adjustment, { of, newest: 1 });
    const upToNow = await this.factors.between(symbol, given, { first: knownTo, last: knownTo, knownTo });
    const newest = upToNow.at(-1)?.factor ?? undefined;
    return adjustedBars(rows, adjustment, { of, newest });
  }
}

/** The day of a local time, or `infinity`. */
const dayOf = (time: string): string => (time.endsWith('infinity') ? time : time.slice(0, 10));
