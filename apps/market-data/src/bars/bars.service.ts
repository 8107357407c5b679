import { phaseAt, withZone } from '@mystocks/calendar';
import { problems, type Answer, type ListBarsRequest, type ListManyBarsRequest } from '@mystocks/contracts';
import { mapBounded, Clock } from '@mystocks/kernel';
import { Injectable } from '@nestjs/common';
import { answerOfMarketData } from '../answers/answer-of-json.js';
import { barsLifetime, closedHistoryLifetime } from '../calendar/lifetimes.js';
import { InstrumentDirectory } from '../instruments/instrument-directory.js';
import { listTags } from '../instruments/list-tags.js';
import { namedInstruments, type NamedInstruments, type SymbolError } from '../instruments/named-instruments.js';
import { barQuality, liveUntilMs } from './bar-quality.js';
import { barWindow, binMinutes, type BarWindow } from './stored/bar-window.js';
import { BarsRepository, type BarSeries } from './stored/bars.repository.js';
import { isClosedHistory } from './closed-history.js';
import { pageToken, stampOf } from './page-token.js';
import { unadjustedFailure, unadjustedMessage, whyUnadjusted, wholeFrom, type Unadjusted } from './unadjusted.js';

// A page of several symbols stays under the bus's 8 MB (deploy/nats): a bar is at most 150 bytes of JSON. More follows in the
// next page.
const BARS_MAX = 40_000;
/** Most instruments whose factors are read at the same time. */
const AT_ONCE = 8;

type Filter = Omit<ListBarsRequest, 'symbol'>;
type ResolvedInstrument = Awaited<ReturnType<InstrumentDirectory['resolve']>>;

interface Page {
  readonly window: BarWindow;
  readonly series: readonly BarSeries[];
  /** Last stamp of the page when there is a further one. */
  readonly edge: string | null;
  /** The token as JSON, or `null`. */
  readonly next: string;
}

/** A page with what its answer says beside the bars. */
interface AnnotatedPage {
  readonly page: Page;
  readonly adjustment: ListBarsRequest['adjustment'];
  /** The first day whose adjustment is known, where earlier ones were left out. */
  readonly adjustedFrom?: string;
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
    const named = { instruments: [instrument], listTags: listTags([request.symbol], [instrument]), errors: [] };
    const shown = await this.#shown(request, instrument);
    const bars = shown.page.series[0]?.bars ?? '';
    return this.#answer(request, named, shown, `"symbol":"${instrument.symbol}","bars":[${bars}]`);
  }

  /**
   * Every symbol has a list of bars, which may be empty; the pages of all symbols end at the same stamp. A symbol that is
   * unknown or has an unknown adjustment is left out and named in `meta.errors`.
   */
  async listMany(request: ListManyBarsRequest): Promise<Answer> {
    const named = await namedInstruments(this.instruments, request.symbols);
    if (named.refusal !== undefined) throw named.refusal;
    const page = await this.#page(request, named.instruments);
    const unpriced = page.series.filter(isUnpriced).map(({ place }) => place);
    const refused = await mapBounded(unpriced, { atOnce: AT_ONCE }, (place) =>
      this.#refusal(request, named.instruments[place] as ResolvedInstrument, page.window),
    );
    if (refused[0] !== undefined && refused.length === named.instruments.length) {
      throw unadjustedFailure(refused.map(({ message }) => message));
    }
    const shown = { ...page, series: page.series.filter((series) => !isUnpriced(series)) };
    const byPlace = new Map(shown.series.map(({ place, bars }) => [place, bars]));
    const bars = named.instruments.flatMap(({ symbol }, place) =>
      unpriced.includes(place) ? [] : [`"${symbol}":[${byPlace.get(place) ?? ''}]`],
    );
    const errors = [...named.errors, ...refused];
    const { adjustment } = request;
    return this.#answer(request, { ...named, errors }, { page: shown, adjustment }, `"bars":{${bars.join(',')}}`);
  }

  /** The page of one instrument: as it was asked for, from the first factor on, or raw where that may be answered instead. */
  async #shown(request: ListBarsRequest, instrument: ResolvedInstrument): Promise<AnnotatedPage> {
    const { adjustment } = request;
    const page = await this.#page(request, [instrument]);
    if (!page.series.some(isUnpriced)) return { page, adjustment };
    const why = await this.#why(request, instrument, page.window);
    if (why.since === undefined && request.without_factors === 'raw') {
      return { page: await this.#page(request, [instrument], { adjustment: 'raw' }), adjustment: 'raw' };
    }
    const known = await this.#pageSince(request, instrument, { page, why });
    if (known === undefined) throw unadjustedFailure([unadjustedMessage(instrument.symbol, why)]);
    return { page: known, adjustment, ...(why.since === undefined ? {} : { adjustedFrom: why.since }) };
  }

  /** The part of a page from the first factor on, if nothing else is missing. */
  async #pageSince(
    request: ListBarsRequest,
    instrument: ResolvedInstrument,
    { page, why: { since, gap } }: { readonly page: Page; readonly why: Unadjusted },
  ): Promise<Page | undefined> {
    const start = since === undefined ? undefined : wholeFrom(since, request.timeframe);
    if (start === undefined || start < page.window.from || start > page.window.to) return undefined;
    if (gap !== undefined && gap < start) return undefined;
    const known = await this.#page(request, [instrument], { start });
    return known.series.length === 0 || known.series.some(isUnpriced) ? undefined : known;
  }

  async #why({ adjustment }: Filter, { id }: ResolvedInstrument, window: BarWindow): Promise<Unadjusted> {
    return whyUnadjusted(await this.repository.factorSteps(id, window.knownTo), adjustment, window);
  }

  async #refusal(request: Filter, instrument: ResolvedInstrument, window: BarWindow): Promise<SymbolError> {
    const message = unadjustedMessage(instrument.symbol, await this.#why(request, instrument, window));
    return { symbol: instrument.symbol, code: problems.KLINE_ADJUST_INVALID, message };
  }

  /** One page of what was asked for, read with `instead` in its place. */
  async #page(
    request: Filter,
    instruments: readonly ResolvedInstrument[],
    instead: Partial<Pick<Filter, 'adjustment' | 'start'>> = {},
  ): Promise<Page> {
    const { timeframe, sort, page_token, limit } = request;
    const question = [
      instruments.map(({ symbol }) => symbol),
      timeframe,
      request.adjustment,
      sort,
      request.start,
      request.end,
      request.asof,
    ];
    const after = page_token === undefined ? undefined : stampOf(page_token, question);
    const { adjustment, ...range } = { ...request, ...instead };
    const window = barWindow(range, after);
    const bounded = Math.min(limit, Math.max(1, Math.floor(BARS_MAX / instruments.length)));
    const series = await this.repository.page({ instruments, timeframe, adjustment, sort, window, limit: bounded });
    const edge = series[0]?.edge ?? null;
    return { window, series, edge, next: edge === null ? 'null' : `"${pageToken(edge, question)}"` };
  }

  #answer(
    request: Filter,
    { instruments, listTags: more, errors }: Omit<NamedInstruments, 'refusal'>,
    { page, adjustment, adjustedFrom }: AnnotatedPage,
    bars: string,
  ): Answer {
    const nowMs = this.clock.now();
    const stamps = page.series.map(({ newest }) => newest);
    const minutes = request.timeframe === '1Min' ? 1 : binMinutes[request.timeframe];
    const newest = { stamp: stamps.reduce((a, b) => (a > b ? a : b), ''), minutes };
    const quality = stamps.length === 0 ? undefined : barQuality(newest, { ms: nowMs, phase: phaseAt(nowMs) });
    const isClosed =
      errors.length === 0 &&
      // Factors that are given later change these answers.
      adjustment === request.adjustment &&
      adjustedFrom === undefined &&
      isClosedHistory({ request: { ...request, adjustment }, ...page, instruments: instruments.length }, nowMs);
    return answerOfMarketData(
      {
        members: `${bars},"next_page_token":${page.next}`,
        facts: {
          timeframe: request.timeframe,
          adjustment,
          ...(adjustedFrom === undefined ? {} : { adjusted_from: adjustedFrom }),
          ...(errors.length === 0 ? {} : { errors }),
          ...(page.series.some(({ conflict }) => conflict) ? { conflict: true } : {}),
        },
        quality,
        asOf: stamps.length === 0 ? undefined : withZone(newest.stamp),
      },
      {
        tags: [...instruments.map(({ symbol }) => symbol), ...more],
        ...(isClosed
          ? closedHistoryLifetime
          : barsLifetime(nowMs, quality === 'live' ? liveUntilMs(newest) : undefined, errors.length > 0)),
        built_at_ms: nowMs,
      },
    );
  }
}

/** Prices of the series are not known: they lack an adjustment factor. */
const isUnpriced = ({ priced, total }: BarSeries): boolean => priced < total;
