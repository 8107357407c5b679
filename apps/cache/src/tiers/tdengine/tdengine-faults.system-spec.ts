import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTdengineStandIn, waitFor, type TdengineFault, type TdengineStandIn } from '@mystocks/testing';
import type { Lease, Lookup, Tier } from '@mystocks/tiered-cache';
import { keptWith } from '@mystocks/tiered-cache/conformance';
import fc from 'fast-check';
import { TdengineTier } from './tdengine-tier.js';

const SOON = { timeoutMs: 20_000 };
const faults: readonly TdengineFault[] = [
  { kind: 'error', code: 0x0914, desc: 'Sync leader is unreachable' },
  { kind: 'error', code: 0x2603, desc: 'Table does not exist' },
  { kind: 'refused', status: 429, code: 0xffff, desc: 'too many requests' },
  { kind: 'unavailable' },
  { kind: 'broken' },
  { kind: 'reset' },
];

type Step = { readonly by: 0 | 1; readonly name: number } & (
  | { readonly what: 'claim' | 'invalidate' | 'dropTag' | 'dropKey' | 'heal' }
  | { readonly what: 'set'; readonly tags: readonly number[]; readonly behind: number }
  | { readonly what: 'fault'; readonly fault: number }
);
const at = { by: fc.constantFrom(0 as const, 1 as const), name: fc.nat(2) };
const tags = fc.uniqueArray(fc.nat(2));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ ...at, what: fc.constant('claim' as const) }) },
  { weight: 6, arbitrary: fc.record({ ...at, what: fc.constant('set' as const), tags, behind: fc.nat(2) }) },
  { weight: 3, arbitrary: fc.record({ ...at, what: fc.constantFrom('invalidate', 'dropTag', 'dropKey') }) },
  { weight: 1, arbitrary: fc.record({ ...at, what: fc.constant('fault' as const), fault: fc.nat(faults.length - 1) }) },
  { weight: 2, arbitrary: fc.record({ ...at, what: fc.constant('heal' as const) }) },
) as fc.Arbitrary<Step>;

/** A write or drop, when it was told, and what of. */
interface Touch {
  readonly when: number;
  readonly of: string;
  /** A drop: Infinity. */
  readonly lsn: number;
}
/** What an answer was asked for with. */
interface Asked {
  readonly when: number;
  readonly key: string;
  readonly tags: readonly string[];
  readonly after: number;
}

let standIn: TdengineStandIn;
let tiers: [TdengineTier, TdengineTier];
beforeAll(async () => {
  standIn = await startTdengineStandIn();
  const database = `cache_${randomBytes(6).toString('hex')}`;
  const open = (): TdengineTier => new TdengineTier({ url: standIn.url, database, deadlineMs: 5_000 });
  tiers = [open(), open()];
  await waitFor(() => tiers.every(({ serving }) => serving), SOON);
});
afterAll(async () => {
  for (const tier of tiers) await tier.close();
  await standIn.stop();
});

class Run {
  readonly #keys = Array.from({ length: 3 }, () => randomBytes(8).toString('hex'));
  readonly #tags = Array.from({ length: 3 }, () => randomBytes(8).toString('hex'));
  readonly #touches: Touch[] = [];
  readonly #asked = new Map<string, Asked>();
  /** By opening and key: the lease, and when it was given. */
  readonly #leases = new Map<string, { lease: Lease; when: number }>();
  #now = 0;

  async take(step: Step): Promise<void> {
    this.#now += 1;
    const [tier, key, tag] = [tiers[step.by], this.#keys[step.name]!, this.#tags[step.name]!];
    switch (step.what) {
      case 'claim': {
        const claim = await tier.claim(key, 60_000);
        if (claim.state === 'leased')
          this.#leases.set(`${String(step.by)} ${key}`, { lease: claim.lease, when: this.#now });
        return;
      }
      case 'set':
        return this.#set(tier, step, key);
      case 'invalidate':
        this.#touches.push({ when: this.#now, of: tag, lsn: this.#now });
        return tier.invalidate([tag], `0/${this.#now.toString(16)}`);
      case 'dropTag':
      case 'dropKey': {
        const of = step.what === 'dropTag' ? tag : key;
        this.#touches.push({ when: this.#now, of, lsn: Infinity });
        await tier.drop(step.what === 'dropTag' ? { tags: [of] } : { keys: [of] });
        return;
      }
      case 'fault':
        standIn.fault(faults[step.fault]!);
        return;
      case 'heal':
        standIn.heal();
    }
  }

  /** Everything that `tier` answers now is as new as it says. */
  async check(tier: Tier): Promise<void> {
    const found = await tier.getMany(this.#keys);
    for (const one of found) expect(this.#lieOf(one)).toBeUndefined();
  }

  async #set(tier: Tier, step: Extract<Step, { what: 'set' }>, key: string): Promise<void> {
    const held = this.#leases.get(`${String(step.by)} ${key}`);
    if (held === undefined) return;
    const after = Math.max(1, held.when - step.behind);
    const etag = `"${String(this.#now)}"`;
    const its = step.tags.map((tag) => this.#tags[tag]!);
    this.#asked.set(etag, { when: held.when, key, tags: its, after });
    await tier.set(keptWith({ etag, tags: its }, { position: `0/${after.toString(16)}` }), held.lease);
  }

  #lieOf(found: Lookup): string | undefined {
    if (!found.hit) return undefined;
    const { etag } = found.entry.answer;
    const asked = this.#asked.get(etag)!;
    const missed = this.#touches.filter(
      ({ when, of, lsn }) => when > asked.when && [asked.key, ...asked.tags].includes(of) && asked.after < lsn,
    );
    if (missed.some(({ lsn }) => lsn === Infinity)) return `${etag} was dropped`;
    return missed.length > 0 && !found.invalidated ? `${etag} is invalidated` : undefined;
  }
}

describe('TdengineTier on a server that fails at random', () => {
  it('never gives back what was dropped, nor as fresh what was invalidated', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80 }), async (steps) => {
        const run = new Run();
        for (const one of steps) {
          await run.take(one);
          // In the system each hears of writes and drops by itself; here from the store alone. What the other one was told
          // is there when that one serves.
          if (tiers[1 - one.by]!.serving) await run.check(tiers[one.by]);
        }
        standIn.heal();
        await waitFor(() => tiers.every(({ serving }) => serving), SOON);
        for (const tier of tiers) await run.check(tier);
      }),
      { numRuns: 25, endOnFailure: true },
    );
  });
});
