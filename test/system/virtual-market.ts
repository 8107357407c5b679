import type { Answer, Call, QuotesRequest } from '@mystocks/contracts';
import {
  latestQuotes,
  listBars,
  listManyBars,
  snapshots,
  type ListBarsRequest,
  type ListManyBarsRequest,
} from '@mystocks/contracts';
import type { FakeBus } from '@mystocks/testing';
import type {
  BarSeries,
  BarsQuestion,
  BarsRepository,
} from '../../apps/market-data/src/bars/stored/bars.repository.js';
import { BarsService } from '../../apps/market-data/src/bars/bars.service.js';
import type { IdempotencyService } from '../../apps/market-data/src/idempotency/idempotency.service.js';
import type { InstrumentDirectory } from '../../apps/market-data/src/instruments/instrument-directory.js';
import type { QuotesRepository } from '../../apps/market-data/src/quotes/stored/quotes.repository.js';
import { QuotesService } from '../../apps/market-data/src/quotes/quotes.service.js';

const [MINUTE_MS, HOUR_MS, DAY_MS] = [60_000, 3_600_000, 86_400_000];
const TICK_MS = 3_000;
/** When prices move on a trading day, ms since midnight. Written down here again: the test's own truth. */
const MOVING = [
  { from: 9.25 * HOUR_MS, to: 11.5 * HOUR_MS },
  { from: 13 * HOUR_MS, to: 15 * HOUR_MS },
] as const;

export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Stretches of time in which prices move, in order, from a list of trading days. */
export const movingStretches = (tradingDays: readonly string[]): Stretch[] =>
  tradingDays.flatMap((day) => {
    const midnight = Date.parse(`${day}T00:00:00+08:00`);
    return MOVING.map(({ from, to }) => ({ fromMs: midnight + from, toMs: midnight + to }));
  });

export const chinaText = (ms: number): string => new Date(ms + 8 * HOUR_MS).toISOString().slice(0, 23);

/** How many of these begin at or before `ms`. */
export function beganBefore(stretches: readonly Stretch[], ms: number): number {
  let [low, high] = [0, stretches.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((stretches[middle]?.fromMs ?? Infinity) <= ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Every symbol ticks every three seconds while prices move; its bars follow. The real services answer for it. */
export class VirtualMarket {
  nowMs = 0;
  /** Questions that reached the owner. */
  readonly asked: { readonly atMs: number; readonly subject: string; readonly request: object }[] = [];
  readonly clock = { now: (): number => this.nowMs };
  readonly #bars: BarsService;
  readonly #quotes: QuotesService;

  constructor(
    private readonly tradingDays: readonly string[],
    private readonly stretches: readonly Stretch[],
  ) {
    const find = (alias: string): Promise<object> =>
      Promise.resolve({ id: 1, symbol: alias.length === 6 ? `${alias}.SH` : alias, kind: 'stock' });
    const directory = { resolve: find, find } as unknown as InstrumentDirectory;
    const quoteOf = (_: unknown, place: number): object => ({ place, ...this.#quote(), bars: null });
    const quotes = {
      latest: (ids: readonly number[]) => Promise.resolve(ids.map(quoteOf)),
      snapshots: (ids: readonly number[]) => Promise.resolve(ids.map(quoteOf)),
    } as unknown as QuotesRepository;
    const bars: BarsRepository = {
      page: (question) => Promise.resolve(this.#page(question)),
      factorSteps: () => Promise.resolve([]),
    };
    this.#bars = new BarsService(directory, bars, this.clock);
    this.#quotes = new QuotesService(directory, quotes, {} as unknown as IdempotencyService, this.clock);
  }

  /** What the owner would answer now. */
  answerTo(call: Call, request: object): Promise<Answer> {
    if (call === latestQuotes) return this.#quotes.latest(request as QuotesRequest);
    if (call === snapshots) return this.#quotes.snapshots(request as QuotesRequest);
    if (call === listManyBars) return this.#bars.listMany(request as ListManyBarsRequest);
    return this.#bars.list(request as ListBarsRequest);
  }

  /** From now on the market answers on `bus`, and counts. */
  answerOn(bus: FakeBus): void {
    for (const call of [latestQuotes, snapshots, listBars, listManyBars] as Call<object, Answer>[]) {
      bus.answer(call, (request) => {
        this.asked.push({ atMs: this.nowMs, subject: call.subject, request });
        return this.answerTo(call, request);
      });
    }
  }

  #lastTickMs(): number {
    const { fromMs, toMs } = this.stretches[beganBefore(this.stretches, this.nowMs) - 1] ?? {
      fromMs: 0,
      toMs: TICK_MS,
    };
    const untilMs = Math.min(this.nowMs, toMs - 1);
    return untilMs - ((untilMs - fromMs) % TICK_MS);
  }

  #quote(): object {
    const tickMs = this.#lastTickMs();
    const t = `${chinaText(tickMs)}+08:00`;
    return { quote: `{"t":"${t}","last":${priceAt(tickMs)}}`, t, simulated: false };
  }

  /** Of each instrument the newest bar of the window; the ones before it do not matter here. */
  #page({ instruments, timeframe, window }: BarsQuestion): BarSeries[] {
    const newest = timeframe === '1Min' ? this.#newestMinute(window.to) : this.#newestDay(window.to.slice(0, 10));
    if (newest === undefined || `${newest}.000` < window.from || `${newest}.000` > window.to) return [];
    const tickMs = this.#lastTickMs();
    const isOver = newest.slice(0, 10) < chinaText(tickMs).slice(0, 10);
    const bars = `{"t":"${newest}+08:00","c":${isOver ? 1 : priceAt(tickMs)}}`;
    return instruments.map((_, place) => ({
      place,
      bars,
      total: 1,
      priced: 1,
      conflict: false,
      made: false,
      newest,
      edge: null,
    }));
  }

  /** A day has a bar as soon as it trades. */
  #newestDay(to: string): string | undefined {
    const today = chinaText(this.nowMs - 9.5 * HOUR_MS).slice(0, 10);
    const last = to < today ? to : today;
    const day = this.tradingDays.findLast((one) => one <= last);
    return day === undefined ? undefined : `${day}T00:00:00`;
  }

  #newestMinute(to: string): string {
    const tickMs = this.#lastTickMs();
    const newest = chinaText(tickMs - (tickMs % MINUTE_MS)).slice(0, 19);
    if (`${newest}.000` <= to) return newest;
    const day = this.tradingDays.findLast((one) => one <= to.slice(0, 10));
    return `${day ?? ''}T15:00:00`;
  }
}

const priceAt = (ms: number): number => 100 + (Math.floor(ms / TICK_MS) % DAY_MS) / 1e6;
