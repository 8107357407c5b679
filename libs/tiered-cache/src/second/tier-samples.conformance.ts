import type { Answer } from '@mystocks/contracts';
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Entry } from '../entry.js';
import type { Lease, Tier } from './tier.js';

/** What the suite needs to know of a kind of tier. */
export interface TierUnderTest {
  open(): Promise<Tier>;
  /** Another opening on the same store. */
  openSecond(): Promise<Tier>;
  /** Whether leases hold for all instances, or only for the tier object that gave them. */
  readonly leases: 'shared' | 'of-one-opening';
  /** Makes the store hang; absent where there is nothing that could. */
  stall?(): Stall;
}

export interface Stall {
  /** Operations that were sent to the store since it hangs. Health checks do not count. */
  sent(): number;
  end(): void;
}

/** An entry that is fresh for a minute and good for another. */
export function keptWith(answer: Partial<Answer>, more: Partial<Entry> = {}): Entry {
  return {
    answer: { body: Buffer.from('{}'), etag: '"e"', tags: [], ttl_ms: 60_000, built_at_ms: 1, ...answer },
    expiresAtMs: Date.now() + 60_000,
    graceUntilMs: Date.now() + 120_000,
    position: undefined,
    ...more,
  };
}

/** A key as `answerKey` makes them. */
export const aKey = (): string => randomBytes(32).toString('base64url');
export const aTag = (): string => `tag-${randomBytes(6).toString('hex')}`;

/** The lease of `key`, which no other caller may hold. */
export async function leaseOf(tier: Tier, key: string, leaseMs = 60_000): Promise<Lease> {
  const claim = await tier.claim(key, leaseMs);
  if (claim.state !== 'leased') throw new Error(`the lease of ${key} is ${claim.state}`);
  return claim.lease;
}

/** Stores an entry as a reader does. Returns whether it is stored. */
export async function keep(tier: Tier, key: string, kept: Entry): Promise<boolean> {
  return tier.set(kept, await leaseOf(tier, key));
}

/** The state of a key: `kept` (fresh or not, but not invalidated), `invalidated` (invalidated) or `absent`. */
export async function stateOf(tier: Tier, key: string): Promise<string> {
  const found = await tier.get(key);
  if (!found.hit) return 'absent';
  return found.invalidated ? 'invalidated' : 'kept';
}

/** Waits for `condition`; fails after ten seconds. */
export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  const giveUpMs = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > giveUpMs) throw new Error('did not happen within 10 s');
    await pause(5);
  }
}
