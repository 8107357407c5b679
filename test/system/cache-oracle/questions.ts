import {
  INSTRUMENTS_TAG,
  latestQuotes,
  listBars,
  listInstruments,
  quoteTag,
  snapshots,
  type Answer,
  type Call,
} from '@mystocks/contracts';
import { check } from '@mystocks/validation';

/** One thing that is read, and what its owner says of how long it may be kept. */
export interface Question {
  readonly name: string;
  readonly url: string;
  readonly call: Call<object, Answer>;
  readonly request: object;
  readonly tags: readonly string[];
  readonly ttlMs: number;
  readonly swrMs: number;
}

export const symbols = ['600519.SH', '000001.SZ', '300750.SZ', '601318.SH', '830799.BJ', '000858.SZ'];

const question = (
  [name, call]: readonly [string, unknown],
  request: object,
  [ttlMs, swrMs]: readonly [number, number],
  tags: readonly string[],
): Question => ({
  ...{ name, url: `/${name}?${JSON.stringify(request)}`, call: call as Question['call'] },
  // As it is after the checks at the door: with its defaults.
  ...{ request: check((call as Question['call']).request, request), tags, ttlMs, swrMs },
});

/** Hot ones first. Lives of all lengths: seconds, hours, none. */
export const questions: readonly Question[] = [
  ...symbols.flatMap((symbol) => [
    question(['quotes', latestQuotes], { symbols: [symbol] }, [3_000, 0], [quoteTag(symbol)]),
    question(['bars', listBars], { symbol }, [20_000, 5_000], [symbol]),
    question(['snapshots', snapshots], { symbols: [symbol] }, [5_000, 2_000], [symbol, quoteTag(symbol)]),
    question(['history', listBars], { symbol, end: '2020-12-31' }, [3_600_000, 0], [symbol]),
  ]),
  question(['quotes', latestQuotes], { symbols: symbols.slice(0, 3) }, [3_000, 0], symbols.slice(0, 3).map(quoteTag)),
  question(['list', listInstruments], { limit: 100 }, [60_000, 10_000], [INSTRUMENTS_TAG]),
  question(['never kept', listInstruments], { q: 'bank' }, [0, 0], [INSTRUMENTS_TAG]),
];
