import { phaseAt, withZone } from '@mystocks/calendar';
import { Failure, type Answer, type ListBarsRequest, type ListManyBarsRequest } from '@mystocks/contracts';
import type { Clock } from '@mystocks/kernel';
import { Injectable } from '@nestjs/common';
import { answerOfMarketData } from '../answer-of-json.js';
import { barsLifetime, closedHistoryLifetime } from '../calendar/lifetimes.js';
import { InstrumentDirectory } from '../instruments/instrument-directory.js';
import { listTags } from '../instruments/list-tags.js';
import { barQuality, liveUntilMs } from './bar-quality.js';
import { barWindow, binMinutes, type BarWindow } from './bar-window.js';
import { BarsRepository, type BarSeries } from './bars.repository.js';
import { isClosedHistory } from './closed-history.js';
import { pageToken, stampOf } from './page-token.js';

// A page of several symbols stays under the bus's 8 MB (deploy/nats): a bar is at most 150 bytes of JSON. More follows in the
// next page.
const BARS_MAX = 40_000;

type Filter = Omit<ListBarsRequest, 'symbol'>;
type Instrument = Awaited<ReturnType<InstrumentDirectory['resolve']>>;

interface Named {
  readonly instruments: readonly Instrument[];
  /** Tags of the answer, if it depends on which instruments there are. */
  readonly listTags: readonly string[];
}

interface Page {
  readonly window: BarWindow;
  readonly series: readonly BarSeries[];
  /** Last stamp of the page when there is a further one. */
  readonly edge: string | null;
  /** The token as JSON, or `null`. */
  readonly next: string;
}

/** Bars of one or several symbols, assembled from the JSON that PostgreSQL wrote. */
@Injectable()
export class BarsService {
  constructor(
    private readonly instruments: InstrumentDirectory,
    private readonly repository: BarsRepository,
    private readonly clock: Clock,
  ) {}

  async list(request: ListBarsRequest): Promise<Answer> {
    const instrument = await this.instruments.resolve(request.symbol);
    const named = { instruments: [instrument], listTags: listTags([request.symbol], [instrument]) };
    const page = await this.#page(request, named.instruments);
    const bars = page.series[0]?.bars ?? '';
    return this.#answer(request, named, page, `"symbol":"${instrument.symbol}","bars":[${bars}]`);
  }

  /** Every symbol has its bars, perhaps none; the pages of all end at the same stamp. */
  async listMany(request: ListManyBarsRequest): Promise<Answer> {
    const named = await this.#resolve(request.symbols);
    const page = await this.#page(request, named.instruments);
    const byPlace = new Map(page.series.map(({ place, bars }) => [place, bars]));
    const bars = named.instruments.map(({ symbol }, place) => `"${symbol}":[${byPlace.get(place) ?? ''}]`);
    return this.#answer(request, named, page, `"bars":{${bars.join(',')}}`);
  }

  async #resolve(aliases: readonly string[]): Promise<Named> {
    const found = await Promise.all(aliases.map((alias) => this.instruments.find(alias)));
    const unknown = aliases.filter((_, index) => found[index] === undefined);
    if (unknown.length > 0) {
      throw new Failure('not_found', `There is no instrument ${unknown.join(', ')}`, {
        problem: 'MARKET_DATA_NOT_FOUND',
      });
    }
    const known = found.filter((one) => one !== undefined);
    const instruments = [...new Map(known.map((one) => [one.symbol, one])).values()];
    return { instruments, listTags: listTags(aliases, found) };
  }

  async #page(request: Filter, instruments: readonly Instrument[]): Promise<Page> {
    const { timeframe, adjustment, sort, page_token, limit } = request;
    const question = [
      instruments.map(({ symbol }) => symbol),
      timeframe,
      adjustment,
      sort,
      request.start,
      request.end,
      request.asof,
    ];
    const after = page_token === undefined ? undefined : stampOf(page_token, question);
    const window = barWindow(request, after);
    const bounded = Math.min(limit, Math.max(1, Math.floor(BARS_MAX / instruments.length)));
    const series = await this.repository.page({ instruments, timeframe, adjustment, sort, window, limit: bounded });
    const unpriced = series
      .filter(({ priced, total }) => priced < total)
      .map(({ place }) => instruments[place]?.symbol);
    if (unpriced.length > 0) {
      throw new Failure(
        'unprocessable',
        `No adjustment factor is known for all days of ${unpriced.join(', ')}; raw prices are`,
        {
          problem: 'KLINE_ADJUST_INVALID',
        },
      );
    }
    const edge = series[0]?.edge ?? null;
    return { window, series, edge, next: edge === null ? 'null' : `"${pageToken(edge, question)}"` };
  }

  #answer(request: Filter, { instruments, listTags: more }: Named, page: Page, bars: string): Answer {
    const nowMs = this.clock.now();
    const stamps = page.series.map(({ newest }) => newest);
    const minutes = request.timeframe === '1Min' ? 1 : binMinutes[request.timeframe];
    const newest = { stamp: stamps.reduce((a, b) => (a > b ? a : b), ''), minutes };
    const quality = stamps.length === 0 ? undefined : barQuality(newest, { ms: nowMs, phase: phaseAt(nowMs) });
    const isClosed = isClosedHistory({ request, ...page, instruments: instruments.length }, nowMs);
    return answerOfMarketData(
      {
        members: `${bars},"next_page_token":${page.next}`,
        facts: { timeframe: request.timeframe, adjustment: request.adjustment },
        quality,
        asOf: stamps.length === 0 ? undefined : withZone(newest.stamp),
      },
      {
        tags: [...instruments.map(({ symbol }) => symbol), ...more],
        ...(isClosed
          ? closedHistoryLifetime
          : barsLifetime(nowMs, quality === 'live' ? liveUntilMs(newest) : undefined)),
        built_at_ms: nowMs,
      },
    );
  }
}
