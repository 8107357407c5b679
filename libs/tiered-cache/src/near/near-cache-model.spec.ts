import { describe, expect, it, jest } from '@jest/globals';
import { compareLsn, type Lsn } from '@mystocks/kernel';
import fc from 'fast-check';
import type { Ticket } from '../coherence/drop-stamps.js';
import type { Entry } from '../entry.js';
import { NameIndex } from '../name-index.js';
import { NearCache } from './near-cache.js';

const KEYS = ['a', 'b', 'c'].flatMap((key) => [key.repeat(43), `${key.repeat(43)}|v1`]);
const TAGS = ['600519.SH', '000001.SZ', 'instruments'];

const key = fc.constantFrom(...KEYS);
const tags = fc.subarray(TAGS, { minLength: 1 });
const lsn = fc.nat(9).map((position): Lsn => `0/${position}`);
const step = fc.oneof(
  fc.record({
    act: fc.constant('set' as const),
    key,
    tags,
    after: fc.option(lsn, { nil: undefined }),
    lifeMs: fc.integer({ min: 1, max: 30 }),
    graceMs: fc.nat(30),
    /** How many drops ago the fetch began. */
    began: fc.nat(2),
  }),
  fc.record({ act: fc.constant('invalidate' as const), tags, lsn }),
  fc.record({ act: fc.constant('drop' as const), keys: fc.subarray(KEYS.filter((one) => !one.includes('|'))), tags }),
  fc.record({ act: fc.constant('clear' as const) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What the first tier promises, derived from the whole history without any bound. */
class Model {
  readonly held = new Map<string, Entry>();
  readonly #writes: { readonly tags: readonly string[]; readonly lsn: Lsn }[] = [];
  readonly #drops: ((key: string, tags: readonly string[]) => boolean)[] = [];

  invalidated({ answer, position: after }: Entry): boolean {
    return this.#writes.some(
      (write) =>
        write.tags.some((tag) => answer.tags.includes(tag)) &&
        (after === undefined || compareLsn(write.lsn, after) > 0),
    );
  }

  write(write: { readonly tags: readonly string[]; readonly lsn: Lsn }): void {
    this.#writes.push(write);
  }

  drop(isDropped: (key: string, tags: readonly string[]) => boolean): void {
    this.#drops.push(isDropped);
    for (const [one, { answer }] of this.held) if (isDropped(one, answer.tags)) this.held.delete(one);
  }

  /** Whether the cache has to take it. */
  set(name: string, kept: Entry, began: number): boolean {
    const since = this.#drops.slice(this.#drops.length - began);
    const there = this.held.get(name)?.position;
    const showsLess = there !== undefined && (kept.position === undefined || compareLsn(there, kept.position) > 0);
    if (showsLess || this.invalidated(kept) || since.some((isDropped) => isDropped(name, kept.answer.tags)))
      return false;
    this.held.set(name, kept);
    return true;
  }
}

function play(cache: NearCache, model: Model, steps: readonly Step[], isBounded: boolean): void {
  const tickets: Ticket[] = [cache.begin()];
  for (const [at, one] of steps.entries()) {
    if (one.act === 'invalidate') {
      cache.invalidate(one.tags, one.lsn);
      model.write(one);
    } else if (one.act === 'drop') {
      cache.drop(one);
      model.drop((name, of) => one.keys.includes(name.slice(0, 43)) || one.tags.some((tag) => of.includes(tag)));
      tickets.unshift(cache.begin());
    } else if (one.act === 'clear') {
      cache.clear();
      model.drop(() => true);
      tickets.unshift(cache.begin());
    } else {
      const began = Math.min(one.began, tickets.length - 1);
      const kept: Entry = {
        answer: { body: Buffer.alloc(at), etag: `"${at}"`, tags: one.tags, ttl_ms: 1, built_at_ms: 1 },
        expiresAtMs: at + one.lifeMs,
        graceUntilMs: at + one.lifeMs + one.graceMs,
        position: one.after,
      };
      const taken = cache.set(one.key, kept, tickets[began] ?? 0);
      if (!isBounded) {
        const must = model.set(one.key, kept, began);
        if (taken !== must) expect(taken).toBe(must);
      } else if (taken) model.held.set(one.key, kept);
    }
    check(cache, model, at, isBounded);
  }
}

function check(cache: NearCache, model: Model, nowMs: number, isBounded: boolean): void {
  for (const name of KEYS) {
    const kept = model.held.get(name);
    const fresh = kept !== undefined && kept.expiresAtMs > nowMs && !model.invalidated(kept) ? kept : undefined;
    const got = cache.get(name, nowMs);
    // Asked only where it is wrong: hundreds of thousands of expectations take seconds.
    if (got !== fresh && !(isBounded && got === undefined)) expect(got).toBe(fresh);
    const good =
      kept !== undefined && kept.graceUntilMs > nowMs
        ? { entry: kept, invalidated: model.invalidated(kept) }
        : undefined;
    const last = cache.lastGood(name, nowMs);
    const isSame = last?.entry === good?.entry && last?.invalidated === good?.invalidated;
    if (!isSame && !(isBounded && last === undefined)) expect(last).toEqual(good);
    // Lookups let go of what has ended.
    if (good === undefined) model.held.delete(name);
  }
}

describe('NearCache, over any history', () => {
  it('stores, serves and refuses exactly what it promises', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        play(new NearCache(), new Model(), steps, false);
      }),
      { numRuns: 300 },
    );
  });

  it('serves with little space only what it would serve with much, and leaves nothing in its index', () => {
    const add = jest.spyOn(NameIndex.prototype, 'add');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 4 }), (steps, entriesMax) => {
        add.mockClear();
        const cache = new NearCache({ entriesMax, bytesMax: 4_000 });
        play(cache, new Model(), steps, true);
        expect(cache.size).toBeLessThanOrEqual(entriesMax);
        cache.drop({ keys: KEYS });
        expect(cache.size).toBe(0);
        for (const index of add.mock.contexts) expect(index).toHaveProperty('size', 0);
      }),
      { numRuns: 300 },
    );
    add.mockRestore();
  });
});
