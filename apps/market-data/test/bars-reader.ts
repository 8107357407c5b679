import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect } from '@jest/globals';
import type { Answer, ListBarsRequest, ListManyBarsRequest } from '@mystocks/contracts';
import { BarsService } from '../src/bars/bars.service.js';
import { startMarket, type Market } from './stored-market.js';
import type { TimeseriesStore } from './timeseries-stores.js';

export interface WireBar {
  readonly t: string;
  readonly o: number;
  readonly h: number;
  readonly l: number;
  readonly c: number;
  readonly v: number;
  readonly amt: number | null;
  readonly suspended?: boolean;
}

interface Page<Bars> {
  readonly symbol: string;
  readonly bars: Bars;
  readonly next_page_token: string | null;
  readonly meta: Readonly<Record<string, unknown>>;
}

type Ask = Partial<ListBarsRequest> & { readonly symbol: string };
type AskMany = Partial<ListManyBarsRequest> & { readonly symbols: string[] };

/** A limit for what hangs: a busy machine takes long to start a server. */
const OPENING_MS = 120_000;
const NOW = Date.parse('2024-09-19T10:00:00+08:00');
const defaults = { timeframe: '1Day', adjustment: 'raw', limit: 1_000, sort: 'asc' } as const;

type Readable = Pick<Market, 'directory' | 'store'>;

/** Asks the service for bars of a market, which may open later, and reads its answers. */
export function barsReader(market: Readable | (() => Readable)) {
  const service = (): BarsService => {
    const { directory, store } = typeof market === 'function' ? market() : market;
    return new BarsService(directory, store.bars, { now: () => NOW });
  };
  const answer = (ask: Ask): Promise<Answer> => service().list({ ...defaults, ...ask });
  const page = async (ask: Ask): Promise<Page<WireBar[]>> =>
    JSON.parse((await answer(ask)).body.toString()) as Page<WireBar[]>;
  const many = async (ask: AskMany): Promise<Page<Record<string, WireBar[]>>> =>
    JSON.parse((await service().listMany({ ...defaults, ...ask })).body.toString()) as Page<Record<string, WireBar[]>>;
  const everyPage = async (ask: Ask): Promise<WireBar[]> => {
    const all: WireBar[] = [];
    for (let token: string | undefined; ;) {
      const one = await page({ ...ask, ...(token === undefined ? {} : { page_token: token }) });
      if (one.bars.length > (ask.limit ?? defaults.limit)) throw new Error('a page holds more than its limit');
      all.push(...one.bars);
      if (one.next_page_token === null) return all;
      token = one.next_page_token;
    }
  };
  return { answer, page, many, everyPage };
}

export type BarsReader = ReturnType<typeof barsReader>;

/** `toEqual` for thousands of bars, which takes Jest seconds: it is asked only to show a difference. */
export function expectSame(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toEqual(expected);
}

/** Opens a market before the tests of a describe block and closes it after them. */
export function useMarket(store: TimeseriesStore) {
  let opened: Market | undefined;
  const market = (): Market => {
    if (opened === undefined) throw new Error('the market is open during the tests only');
    return opened;
  };
  beforeAll(async () => {
    opened = await startMarket(store);
  }, OPENING_MS);
  afterAll(() => opened?.stop());
  const reader = barsReader(market);
  /** The closing prices that a symbol of Shanghai is answered with. */
  const closes = async (code: string, ask: object): Promise<readonly number[]> =>
    (await reader.page({ symbol: `${code}.SH`, ...ask })).bars.map(({ c }) => c);
  return { market, reader, closes };
}
