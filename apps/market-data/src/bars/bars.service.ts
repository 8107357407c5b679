import { chinaLocal } from '@mystocks/calendar';
import { Failure, type Answer, type ListBarsRequest, type ListManyBarsRequest } from '@mystocks/contracts';
import type { Clock } from '@mystocks/kernel';
import { Injectable } from '@nestjs/common';
import { answerOfJson } from '../answer-of-json.js';
import { knownPhase } from '../calendar/market-phase.js';
import { InstrumentDirectory } from '../instruments/instrument-directory.js';
import { barQuality, liveLeftMs } from './bar-quality.js';
import { barWindow, binMinutes } from './bar-window.js';
import { BarsRepository, type BarSeries } from './bars.repository.js';
import { pageToken, stampOf } from './page-token.js';

// A page of several symbols stays under the bus's 8 MB (deploy/nats): a bar is at most 150 bytes of JSON. More follows in the
// next page.
const BARS_MAX = 40_000;
const TODAY_TTL_MS = 60_000;
const HISTORY_TTL_MS = 3_600_000;

type Filter = Omit<ListBarsRequest, 'symbol'>;
type Instrument = Awaited<ReturnType<InstrumentDirectory['resolve']>>;

interface Page {
  readonly series: readonly BarSeries[];
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
    const page = await this.#page(request, [instrument]);
    const bars = page.series[0]?.bars ?? '';
    return this.#answer(request, [instrument], page, `"symbol":"${instrument.symbol}","bars":[${bars}]`);
  }

  /** Every symbol has its bars, perhaps none; the pages of all end at the same stamp. */
  async listMany(request: ListManyBarsRequest): Promise<Answer> {
    const instruments = await this.#resolve(request.symbols);
    const page = await this.#page(request, instruments);
    const byPlace = new Map(page.series.map(({ place, bars }) => [place, bars]));
    const bars = instruments.map(({ symbol }, place) => `"${symbol}":[${byPlace.get(place) ?? ''}]`);
    return this.#answer(request, instruments, page, `"bars":{${bars.join(',')}}`);
  }

  async #resolve(aliases: readonly string[]): Promise<Instrument[]> {
    const found = await Promise.all(aliases.map((alias) => this.instruments.find(alias)));
    const unknown = aliases.filter((_, index) => found[index] === undefined);
    if (unknown.length > 0) {
      throw new Failure('not_found', `There is no instrument ${unknown.join(', ')}`, {
        problem: 'MARKET_DATA_NOT_FOUND',
      });
    }
    const known = found.filter((one) => one !== undefined);
    return [...new Map(known.map((one) => [one.symbol, one])).values()];
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
    return { series, next: edge === null ? 'null' : `"${pageToken(edge, question)}"` };
  }

  #answer(request: Filter, instruments: readonly Instrument[], page: Page, bars: string): Answer {
    const now = this.clock.now();
    const stamp = page.series.map(({ newest }) => newest).reduce((a, b) => (a > b ? a : b), '');
    const minutes = request.timeframe === '1Min' ? 1 : binMinutes[request.timeframe];
    const age =
      stamp === ''
        ? {}
        : { quality: barQuality({ stamp, minutes }, { ms: now, phase: knownPhase(now) }), as_of: `${stamp}+08:00` };
    const meta = {
      timeframe: request.timeframe,
      adjustment: request.adjustment,
      currency: 'CNY',
      source: 'stored',
      quality: age.quality ?? null,
      as_of: age.as_of ?? null,
    };
    // A kept answer says `live` as long as it is kept.
    const ttlMax = age.quality === 'live' ? liveLeftMs({ stamp, minutes }, now) : HISTORY_TTL_MS;
    const touchesToday = barWindow(request, undefined).to >= chinaLocal(now).slice(0, 10);
    return answerOfJson(`{${bars},"next_page_token":${page.next},"meta":${JSON.stringify(meta)}}`, {
      tags: instruments.map(({ symbol }) => symbol),
      ttl_ms: Math.min(touchesToday ? TODAY_TTL_MS : HISTORY_TTL_MS, ttlMax),
      ...age,
      built_at_ms: now,
    });
  }
}
