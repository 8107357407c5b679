import { createHash } from 'node:crypto';
import { marketCodes, popularities, type Popularity } from './popularity.js';
import { seeded } from './seeded.js';

/**
 * What the pages about a stock ask for, of a hundred reads. An assumption: there is no record of it.
 */
const VIEWS: readonly (readonly [view: string, share: number])[] = [
  ['quote', 30],
  ['snapshot', 15],
  ['bars 1Day', 20],
  ['bars 1Min', 12],
  ['bars 5Min', 6],
  ['bars 15Min', 3],
  ['bars 30Min', 2],
  ['bars 60Min', 3],
  ['bars 1Week', 4],
  ['bars 1Month', 2],
  ['symbol', 3],
];
/** What a sweep reads of each symbol, the first of these or all: the snapshot, the daily bars. */
const SWEPT_VIEWS = [1, 2];
const SWEEP_EVERY_S = 300;
/** An assumption: a screener that takes eleven seconds for the market. */
const SWEPT_PER_S = 500;
/**
 * How interest falls from rank to rank beyond the hundred that a list names. The only file that reaches further,
 * `attn_robinhood_holders_hourly`, falls by 1.13 from rank 100 to 300.
 */
const TAIL_EXPONENT = 1.1;

export interface MarketReadsOptions {
  readonly seed: number;
  /** Reads of people, per second and process. */
  readonly interactivePerS: number;
  /** How long each list of what is popular holds, in seconds; a multiple of the five minutes between two sweeps. */
  readonly secondsPerList: number;
  /** Takes one list of so many. */
  readonly everyNthList: number;
  /** Whether people read symbols too that no list names. */
  readonly tail: boolean;
  /** Answers that the sweep reads of each symbol: with two it alone asks for more than fits. */
  readonly sweptViews: 1 | 2;
}

/** People who read a symbol that is popular just then, people who read another one, and the sweep. */
export const readers = ['hot', 'tail', 'sweep'] as const;

/** Reads in the order they come. */
export interface MarketReads {
  /** Cache keys, as long and as random as those of answers. */
  readonly keys: readonly string[];
  /** Which key each read asks for. */
  readonly asked: Uint32Array;
  /** Who asks: a place in {@link readers}. */
  readonly askedBy: Uint8Array;
}

/**
 * People's reads over a whole market, their interest as in the lists of {@link popularities}, and a sweep over every
 * symbol each five minutes. Order is all: nothing expires and nothing is written.
 */
export function marketReads({ seed, tail, everyNthList, sweptViews, ...pace }: MarketReadsOptions): MarketReads {
  const random = seeded(seed);
  const codes = shuffled(marketCodes(), random);
  const lists = popularities().filter((_, at) => at % everyNthList === 0);
  const peoplePerList = pace.secondsPerList * pace.interactivePerS;
  const sweepsPerList = pace.secondsPerList / SWEEP_EVERY_S;
  const total = lists.length * (peoplePerList + sweepsPerList * codes.length * sweptViews);
  const reads = { asked: new Uint32Array(total), askedBy: new Uint8Array(total) };
  const viewSums = sumsOf(VIEWS.map(([, share]) => share));
  let at = 0;
  const note = (symbol: number, view: number, by: (typeof readers)[number]): void => {
    reads.asked[at] = symbol * VIEWS.length + view;
    reads.askedBy[at] = readers.indexOf(by);
    at += 1;
  };
  for (const list of lists) {
    const symbolSums = sumsOf(interestIn(codes, list, tail));
    const isListed = codes.map((code) => list.has(code));
    for (let person = 0; person < peoplePerList; person += 1) {
      for (const symbol of sweptBefore(person / pace.interactivePerS, pace.interactivePerS, codes.length)) {
        for (const view of SWEPT_VIEWS.slice(0, sweptViews)) note(symbol, view, 'sweep');
      }
      const symbol = placeIn(symbolSums, random());
      note(symbol, placeIn(viewSums, random()), isListed[symbol] === true ? 'hot' : 'tail');
    }
  }
  return { keys: codes.flatMap(keysOf), ...reads };
}

const NONE: number[] = [];

/** Symbols that the sweep reads between two reads of people, `peoplePerS` of them a second. */
function sweptBefore(atS: number, peoplePerS: number, symbols: number): number[] {
  const intoSweepS = atS % SWEEP_EVERY_S;
  if (intoSweepS * SWEPT_PER_S >= symbols) return NONE;
  const first = Math.round(intoSweepS * SWEPT_PER_S);
  const end = Math.min(symbols, Math.round((intoSweepS + 1 / peoplePerS) * SWEPT_PER_S));
  return Array.from({ length: end - first }, (_, step) => first + step);
}

const keysOf = (code: string): string[] =>
  VIEWS.map(([view]) => createHash('sha256').update(`${code} ${view}`).digest('base64url'));

/** How much each code interests: as listed, and the others by their place in a fixed order, ever less. */
function interestIn(codes: readonly string[], list: Popularity, tail: boolean): number[] {
  const least = tail ? Math.min(...list.values()) : 0;
  let rank = list.size;
  return codes.map((code) => list.get(code) ?? least * ((rank += 1) / list.size) ** -TAIL_EXPONENT);
}

/** The weights added up, brought to a sum of one. */
function sumsOf(weights: readonly number[]): Float64Array {
  const sums = new Float64Array(weights.length);
  let sum = 0;
  weights.forEach((weight, at) => {
    sum += weight;
    sums[at] = sum;
  });
  return sums.map((one) => one / sum);
}

/** The first place whose sum is above `share`. */
function placeIn(sums: Float64Array, share: number): number {
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sums[middle] ?? 1) > share) high = middle;
    else low = middle + 1;
  }
  return low;
}

const shuffled = (list: readonly string[], random: () => number): string[] =>
  list
    .map((value) => ({ value, order: random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ value }) => value);
