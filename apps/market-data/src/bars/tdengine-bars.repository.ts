import { mapBounded } from '@mystocks/kernel';
import { Injectable } from '@nestjs/common';
import { InstrumentDirectory } from '../instruments/instrument-directory.js';
import { adjustedBars, factorLine } from '../timeseries/adjusted-bars.js';
import { barsPage, type Candidates } from '../timeseries/bars-page.js';
import { groupedBars } from '../timeseries/grouped-bars.js';
import { rowLimit } from '../timeseries/row-limit.js';
import type { ShownBar } from '../timeseries/shown-bar.js';
import { binMinutes } from './bar-window.js';
import { BarsRepository, type BarSeries, type BarsQuestion } from './bars.repository.js';
import { TdengineBarsReader, type StoredDay } from './tdengine-bars.reader.js';

/** Instruments of one question that are read at the same time. */
const AT_ONCE = 8;

type Instrument = BarsQuestion['instruments'][number];

/** Bars that lie in TDengine, put together here as PostgreSQL puts together its own: the same pages, byte for byte. */
@Injectable()
export class TdengineBarsRepository extends BarsRepository {
  constructor(
    private readonly directory: InstrumentDirectory,
    private readonly reader: TdengineBarsReader,
  ) {
    super();
  }

  async page(question: BarsQuestion): Promise<BarSeries[]> {
    const symbols = await this.directory.symbols();
    const candidates = await mapBounded(question.instruments, { atOnce: AT_ONCE }, (instrument, place) =>
      this.#candidates(question, { place, instrument, symbol: symbols.get(instrument.id) ?? '' }),
    );
    return barsPage(candidates, question);
  }

  async #candidates(
    question: BarsQuestion,
    of: { readonly place: number; readonly instrument: Instrument; readonly symbol: string },
  ): Promise<Candidates> {
    const { timeframe, sort, window } = question;
    const { rows, limit } = await this.#stored(question, of.symbol);
    const shown = await this.#priced(question, of, rows);
    const isWhole = timeframe === '1Day' || timeframe === '1Min';
    const filled = !isWhole && rows.length >= limit;
    const bars = isWhole ? shown : groupedBars(shown, { timeframe, sort, cut: filled });
    // Stamps are whole seconds, the ends of a window have milliseconds.
    const isWithin = ({ t }: ShownBar): boolean => `${t}.000` >= window.from && `${t}.000` <= window.to;
    return { place: of.place, bars: bars.filter(isWithin), filled };
  }

  async #stored(
    { timeframe, window, sort, limit: bars }: BarsQuestion,
    symbol: string,
  ): Promise<{ readonly rows: readonly StoredDay[]; readonly limit: number }> {
    const minutes = binMinutes[timeframe];
    const range = { symbol, from: window.storedFrom, to: window.storedTo, sort };
    if (minutes === undefined) {
      const limit = rowLimit(timeframe, bars, 1);
      return { rows: await this.reader.frame({ ...range, limit }, timeframe === '1Min' ? '1Min' : '1Day'), limit };
    }
    const frames = await this.reader.frames(range, minutes);
    const limit = rowLimit(timeframe, bars, frames.finest);
    return { rows: await this.reader.coarsest({ ...range, limit }, frames.names), limit };
  }

  async #priced(
    { timeframe, adjustment, window }: BarsQuestion,
    { instrument, symbol }: { readonly instrument: Instrument; readonly symbol: string },
    rows: readonly StoredDay[],
  ): Promise<readonly ShownBar[]> {
    if (adjustment === 'raw' || rows.length === 0) return rows;
    if (instrument.kind === 'index') return adjustedBars(rows, adjustment, { of: () => 1, newest: 1 });
    const isDaily = timeframe !== '1Min' && binMinutes[timeframe] === undefined;
    const known = await this.reader.factors(symbol, rows, isDaily);
    const newest = adjustment === 'hfq' ? 1 : await this.reader.factorUntil(symbol, window.knownTo);
    return adjustedBars(rows, adjustment, { of: factorLine(known), newest });
  }
}
