import type { Answer, ListBarsRequest, ListManyBarsRequest } from '@mystocks/contracts';
import { BarsService } from '../src/bars/bars.service.js';
import type { Market } from './stored-market.js';

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

const NOW = Date.parse('2024-09-19T10:00:00+08:00');
const defaults = { timeframe: '1Day', adjustment: 'raw', limit: 1_000, sort: 'asc' } as const;

/** Asks the service for bars and reads its answers. */
export function barsReader(market: Pick<Market, 'directory' | 'store'>) {
  const bars = new BarsService(market.directory, market.store.bars, { now: () => NOW });
  const answer = (ask: Ask): Promise<Answer> => bars.list({ ...defaults, ...ask });
  const page = async (ask: Ask): Promise<Page<WireBar[]>> =>
    JSON.parse((await answer(ask)).body.toString()) as Page<WireBar[]>;
  const many = async (ask: AskMany): Promise<Page<Record<string, WireBar[]>>> =>
    JSON.parse((await bars.listMany({ ...defaults, ...ask })).body.toString()) as Page<Record<string, WireBar[]>>;
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
