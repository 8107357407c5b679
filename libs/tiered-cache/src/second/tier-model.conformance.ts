import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aKey, aTag, keptWith } from './tier-samples.conformance.js';
import type { Lease, Tier } from './tier.js';

type Step =
  | { readonly what: 'claim' | 'dropKey'; readonly key: number }
  | { readonly what: 'release' | 'renew'; readonly lease: number }
  | { readonly what: 'set'; readonly lease: number; readonly tags: readonly number[]; readonly after: number }
  | { readonly what: 'invalidate'; readonly tag: number; readonly lsn: number }
  | { readonly what: 'dropTag'; readonly tag: number }
  | { readonly what: 'clear' };

const NAMES = 3;
const name = fc.nat(NAMES - 1);
/** One of the leases given last. */
const lease = fc.nat(4);
const position = fc.integer({ min: 1, max: 9 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ what: fc.constant('claim' as const), key: name }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constantFrom('release' as const, 'renew' as const), lease }) },
  {
    weight: 8,
    arbitrary: fc.record({ what: fc.constant('set' as const), lease, tags: fc.uniqueArray(name), after: fc.nat(9) }),
  },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('invalidate' as const), tag: name, lsn: position }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('dropTag' as const), tag: name }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('dropKey' as const), key: name }) },
  { weight: 1, arbitrary: fc.constant({ what: 'clear' as const }) },
);

interface ModelEntry {
  readonly etag: string;
  readonly tags: readonly number[];
  readonly after: number;
  readonly invalidated: boolean;
}

/** What a tier does, as plainly as it can be said: leases are numbered as they are given, position 0 is none. */
class Model {
  readonly entries = new Map<number, ModelEntry>();
  readonly #keys: number[] = [];
  readonly #held = new Map<number, number>();
  /** By tag: which leases (below `upTo`) a touch overtook, but for answers that show `lsn`; none shows Infinity. */
  readonly #stamps = new Map<number, { upTo: number; lsn: number }>();

  claim(key: number): boolean {
    if (this.#held.has(key)) return false;
    this.#held.set(key, this.#keys.push(key) - 1);
    return true;
  }

  holds(lease: number): boolean {
    return this.#held.get(this.#keys[lease]!) === lease;
  }

  release(lease: number): void {
    if (this.holds(lease)) this.#held.delete(this.#keys[lease]!);
  }

  set(lease: number, entry: ModelEntry): boolean {
    if (!this.holds(lease)) return false;
    this.release(lease);
    const key = this.#keys[lease]!;
    const there = this.entries.get(key);
    const stamps = entry.tags.map((tag) => this.#stamps.get(tag) ?? { upTo: 0, lsn: 0 });
    const isOvertaken = stamps.some(({ upTo, lsn }) => lease < upTo && entry.after < lsn);
    const isOlder = there !== undefined && !there.invalidated && entry.after < there.after;
    if (!isOvertaken && !isOlder) this.entries.set(key, entry);
    return !isOvertaken && !isOlder;
  }

  touch(tag: number, lsn: number): number {
    this.#stamps.set(tag, { upTo: this.#keys.length, lsn: Math.max(lsn, this.#stamps.get(tag)?.lsn ?? 0) });
    const touched = [...this.entries].filter(([, entry]) => entry.tags.includes(tag) && entry.after < lsn);
    for (const [key, entry] of touched) {
      if (lsn === Infinity) this.entries.delete(key);
      else this.entries.set(key, { ...entry, invalidated: true });
    }
    return touched.length;
  }

  dropKey(key: number): number {
    this.#held.delete(key);
    return this.entries.delete(key) ? 1 : 0;
  }

  clear(): void {
    this.entries.clear();
    this.#held.clear();
  }
}

/** A run of steps on a tier and on the model. */
class Run {
  readonly #model = new Model();
  readonly #leases: Lease[] = [];
  readonly #keys = Array.from({ length: NAMES }, aKey);
  readonly #tags = Array.from({ length: NAMES }, aTag);
  #steps = 0;

  constructor(private readonly tier: Tier) {}

  /** Takes the step on both; what the tier and what the model said. */
  async take(step: Step): Promise<[tier: unknown, model: unknown]> {
    this.#steps += 1;
    switch (step.what) {
      case 'claim': {
        const claim = await this.tier.claim(this.#keys[step.key]!, 60_000);
        if (claim.state === 'leased') this.#leases.push(claim.lease);
        return [claim.state, this.#model.claim(step.key) ? 'leased' : 'held'];
      }
      case 'invalidate':
        await this.tier.invalidate([this.#tags[step.tag]!], `0/${step.lsn}`);
        return [undefined, void this.#model.touch(step.tag, step.lsn)];
      case 'dropTag':
        return [await this.tier.drop({ tags: [this.#tags[step.tag]!] }), this.#model.touch(step.tag, Infinity)];
      case 'dropKey':
        return [await this.tier.drop({ keys: [this.#keys[step.key]!] }), this.#model.dropKey(step.key)];
      case 'clear':
        return [await this.tier.clear(), this.#model.clear()];
      case 'release':
      case 'renew':
      case 'set':
        return this.#withLease(step);
    }
  }

  /** What either keeps now. */
  async contents(): Promise<[tier: unknown, model: unknown]> {
    const found = await this.tier.getMany(this.#keys);
    const inTier = found.map((one) => (one.hit ? [one.entry.answer.etag, one.invalidated] : undefined));
    const inModel = this.#keys.map((_, key) => {
      const entry = this.#model.entries.get(key);
      return entry === undefined ? undefined : [entry.etag, entry.invalidated];
    });
    return [inTier, inModel];
  }

  async #withLease(step: Extract<Step, { readonly lease: number }>): Promise<[tier: unknown, model: unknown]> {
    const number = this.#leases.length - 1 - step.lease;
    const lease = this.#leases[number];
    if (lease === undefined) return [undefined, undefined];
    if (step.what === 'set') {
      const etag = `"${this.#steps}"`;
      const after = step.after === 0 ? undefined : `0/${step.after}`;
      const kept = keptWith({ etag, tags: step.tags.map((tag) => this.#tags[tag]!) }, { position: after });
      return [await this.tier.set(kept, lease), this.#model.set(number, { ...step, etag, invalidated: false })];
    }
    if (step.what === 'renew') return [await this.tier.renew(lease, 50_000), this.#model.holds(number)];
    return [await this.tier.release(lease), this.#model.release(number)];
  }
}

/** Any sequence of operations comes to what the model says, step by step. */
export function itActsLikeItsModel(open: () => Promise<Tier>): void {
  let tier: Tier;
  beforeAll(async () => {
    tier = await open();
  });
  afterAll(() => tier.close());

  it('keeps the same state as a plain model, whatever the order of operations', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const run = new Run(tier);
        for (const step of steps) {
          const [said, expected] = await run.take(step);
          expect(said).toEqual(expected);
          const [kept, modelled] = await run.contents();
          expect(kept).toEqual(modelled);
        }
      }),
      { numRuns: 60 },
    );
  });
}
