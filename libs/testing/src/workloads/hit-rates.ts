import { readers, type MarketReads } from './market-reads.js';

export interface HitRates {
  /** Of all reads, from 0 to 1. */
  readonly overall: number;
  /** Of people's reads of what is popular just then. */
  readonly hot: number;
  /** Of all reads of people. */
  readonly interactive: number;
  /** Of the sweep's reads alone. */
  readonly sweep: number;
}

/** The part of the reads that asks for something asked for before: what both tiers answer when the second holds all. */
export const askedBefore = ({ asked }: MarketReads): number => 1 - new Set(asked).size / asked.length;

/** A cache as a replay sees it. */
export interface Replayed {
  readonly has: (key: string) => boolean;
  readonly take: (key: string) => void;
}

/** Asks the cache for each key in turn, and gives it those that it does not have. */
export function hitRatesOf(reads: MarketReads, { has, take }: Replayed): HitRates {
  return countHits(reads, (at) => {
    const key = reads.keys[reads.asked[at] ?? 0] ?? '';
    const isHit = has(key);
    if (!isHit) take(key);
    return isHit;
  });
}

/**
 * What a cache reaches that keeps, from their first reads on, the `entriesMax` keys that will be asked for most: as much
 * as one can know from how often keys are asked for, without knowing when.
 */
export function fixedHitRates(reads: MarketReads, entriesMax: number): HitRates {
  const uses = new Uint32Array(reads.keys.length);
  for (const key of reads.asked) uses[key] = (uses[key] ?? 0) + 1;
  const chosen = new Uint8Array(uses.length);
  const byUses = Array.from(uses.keys()).sort((a, b) => (uses[b] ?? 0) - (uses[a] ?? 0));
  for (const key of byUses.slice(0, entriesMax)) chosen[key] = 1;
  const seen = new Uint8Array(uses.length);
  return countHits(reads, (at) => {
    const key = reads.asked[at] ?? 0;
    const isHit = seen[key] === 1;
    seen[key] = chosen[key] ?? 0;
    return isHit;
  });
}

/**
 * What no cache of `entriesMax` can exceed: Belady's choice, which knows the future and lets go of what is asked for
 * again last.
 */
export function optimalHitRates(reads: MarketReads, entriesMax: number): HitRates {
  const nextAt = nextUses(reads);
  const queue = new FarthestFirst(reads.asked.length);
  // For each key that is in: when it is asked for again; 0 when it is not in.
  const inUntil = new Float64Array(reads.keys.length);
  let size = 0;
  return countHits(reads, (at) => {
    const key = reads.asked[at] ?? 0;
    const isHit = inUntil[key] !== 0;
    const next = nextAt[at] ?? Infinity;
    if (!isHit) size += 1;
    inUntil[key] = next;
    queue.push(next, key);
    while (size > entriesMax) {
      const { when, what } = queue.pop();
      // What was asked for again since stands in the queue once more.
      if (inUntil[what] !== when) continue;
      inUntil[what] = 0;
      size -= 1;
    }
    return isHit;
  });
}

function countHits({ askedBy }: MarketReads, isHit: (at: number) => boolean): HitRates {
  const hits = readers.map(() => 0);
  const all = readers.map(() => 0);
  for (let at = 0; at < askedBy.length; at += 1) {
    const who = askedBy[at] ?? 0;
    all[who] = (all[who] ?? 0) + 1;
    if (isHit(at)) hits[who] = (hits[who] ?? 0) + 1;
  }
  const rate = (...of: number[]): number => sum(of.map((who) => hits[who])) / sum(of.map((who) => all[who]));
  return { overall: rate(0, 1, 2), hot: rate(0), interactive: rate(0, 1), sweep: rate(2) };
}

const sum = (values: readonly (number | undefined)[]): number =>
  values.reduce<number>((total, one) => total + (one ?? 0), 0);

function nextUses({ asked, keys }: MarketReads): Float64Array {
  const next = new Float64Array(asked.length);
  const seenAt = new Float64Array(keys.length).fill(Infinity);
  for (let at = asked.length - 1; at >= 0; at -= 1) {
    const key = asked[at] ?? 0;
    next[at] = seenAt[key] ?? Infinity;
    seenAt[key] = at;
  }
  return next;
}

/** A heap of (when, what), the farthest first. */
class FarthestFirst {
  readonly #when: Float64Array;
  readonly #what: Uint32Array;
  #size = 0;

  constructor(sizeMax: number) {
    this.#when = new Float64Array(sizeMax + 1);
    this.#what = new Uint32Array(sizeMax + 1);
  }

  push(when: number, what: number): void {
    let at = (this.#size += 1);
    for (; at > 1 && this.#at(at >> 1) < when; at >>= 1) this.#move(at >> 1, at);
    this.#put(at, when, what);
  }

  pop(): { readonly when: number; readonly what: number } {
    const top = { when: this.#at(1), what: this.#what[1] ?? 0 };
    const [when, what] = [this.#at(this.#size), this.#what[this.#size] ?? 0];
    this.#size -= 1;
    let at = 1;
    for (let child = 2; child <= this.#size; child = at * 2) {
      if (child < this.#size && this.#at(child + 1) > this.#at(child)) child += 1;
      if (this.#at(child) <= when) break;
      this.#move(child, at);
      at = child;
    }
    this.#put(at, when, what);
    return top;
  }

  #at(place: number): number {
    return this.#when[place] ?? 0;
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#at(from), this.#what[from] ?? 0);
  }

  #put(place: number, when: number, what: number): void {
    this.#when[place] = when;
    this.#what[place] = what;
  }
}
