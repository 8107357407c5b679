import { Failure, type Answer, type CacheState } from '@mystocks/contracts';
import type { Clock, Lsn } from '@mystocks/kernel';
import { currentContext } from '@mystocks/telemetry';
import type { Kept, Lease, Tier } from '@mystocks/tiered-cache';
import { setTimeout as pause } from 'node:timers/promises';
import { HeldLeases, LEASE_MS } from './held-leases.js';
import type { KnownWrites } from './known-writes.js';
import type { Given, Owners } from './owners.js';
import type { Question } from './readable-calls.js';

/** While another process asks: how often it is looked whether its answer is there, at first and at last, ms. */
const LOOK_MIN_MS = 5;
const LOOK_MAX_MS = 25;
/** How long a read without a deadline waits for another process. */
const WAIT_MAX_MS = 3_000;

/** One question that the tier had no good answer to. */
export interface Wanted {
  readonly key: string;
  readonly question: Question;
  /** What its asker must see. */
  readonly readAfter: Lsn | undefined;
}

/** An answer, and up to where it surely shows every write. */
export interface Shown {
  readonly answer: Answer;
  readonly after: Lsn | undefined;
}

/** Another process has answered meanwhile, or it is our turn to ask: with a lease what comes may be kept. */
type Turn = { readonly kept: Kept } | { readonly kept?: undefined; readonly lease: Lease | undefined };

/** A fresh answer with the right to keep it. */
export interface Fresh extends Given {
  readonly lease: Lease | undefined;
}

/**
 * One question to the owner for the whole house, however many processes have the same one: who gets the lease of a key
 * asks and keeps, the others look for what it keeps. A holder that dies is waited for until its lease ends. A holder
 * that fails gives the lease back, and the next in turn asks for itself; how long one waits for its turn is bounded by
 * its own deadline.
 */
export class LeasedReads {
  readonly #held: HeldLeases;

  constructor(
    private readonly tier: Tier,
    private readonly owners: Owners,
    private readonly writes: KnownWrites,
    private readonly clock: Clock,
  ) {
    this.#held = new HeldLeases(tier);
  }

  /** The answer, from whoever may ask for it. @throws {Failure} what the owner said, or that time is over */
  async read(wanted: Wanted): Promise<Shown> {
    const turn = await this.#turnOf(wanted);
    if (turn.kept !== undefined) return shownOf(turn.kept, this.clock.now());
    const fresh = await this.#ask(wanted, turn.lease);
    const entry = this.#entryOf(fresh);
    if (entry !== undefined) void this.tier.set(entry.kept, entry.lease);
    return fresh;
  }

  /** A fresh answer to be kept with others ({@link keepMany}); undefined when another process has kept one meanwhile, or nothing may be. */
  async fetch(wanted: Wanted): Promise<Fresh | undefined> {
    const turn = await this.#turnOf(wanted);
    if (turn.kept !== undefined) return undefined;
    const fresh = await this.#ask(wanted, turn.lease);
    if (fresh.kept !== undefined) return fresh;
    if (fresh.lease !== undefined) this.#giveBack(fresh.lease);
    return undefined;
  }

  /** Keeps together what still shows every write that is known; says of each whether it is kept. */
  async keepMany(fetched: readonly Fresh[]): Promise<boolean[]> {
    const entries = fetched.map((one) => this.#entryOf(one));
    const done = (await this.tier.setMany(entries.flatMap((entry) => entry ?? []))).values();
    return entries.map((entry) => entry !== undefined && done.next().value === true);
  }

  async #turnOf(wanted: Wanted): Promise<Turn> {
    // While nothing may be kept there is nothing to wait for.
    if (!this.writes.areWhole) return { lease: undefined };
    const untilMs = currentContext()?.deadlineMs ?? this.clock.now() + WAIT_MAX_MS;
    for (let lookMs = LOOK_MIN_MS; ; lookMs = Math.min(LOOK_MAX_MS, lookMs * 1.5)) {
      if (this.clock.now() >= untilMs)
        throw new Failure('timeout', 'The owner did not answer another instance in time');
      const claim = await this.tier.claim(wanted.key, LEASE_MS);
      if (claim.state === 'none') return { lease: undefined };
      // With the lease too: its last holder may have kept an answer since the look that missed.
      const found = this.writes.judge(await this.tier.get(wanted.key), wanted.readAfter);
      if (found.freshness === 'fresh') {
        if (claim.state === 'leased') void this.tier.release(claim.lease);
        return { kept: found.kept };
      }
      if (claim.state === 'leased') return { lease: claim.lease };
      await pause(Math.min(lookMs, Math.max(1, claim.forMs)));
    }
  }

  async #ask({ question, readAfter }: Wanted, lease: Lease | undefined): Promise<Fresh> {
    if (lease === undefined) return { ...(await this.owners.ask(question, readAfter)), lease };
    this.#held.hold(lease);
    try {
      return { ...(await this.owners.ask(question, readAfter)), lease };
    } catch (error) {
      this.#giveBack(lease);
      throw error;
    }
  }

  /** What to keep; when that is nothing, the lease is given back. */
  #entryOf({ kept, lease, generation }: Fresh): { kept: Kept; lease: Lease } | undefined {
    if (lease === undefined) return undefined;
    if (kept === undefined || !this.writes.mayKeep(kept, generation)) {
      this.#giveBack(lease);
      return undefined;
    }
    this.#held.letGo(lease);
    return { kept, lease };
  }

  #giveBack(lease: Lease): void {
    this.#held.letGo(lease);
    void this.tier.release(lease);
  }
}

/** A kept answer as it is given out: good for as long as it still is. */
export function shownOf({ answer, expiresAtMs, after }: Kept, nowMs: number): Shown {
  return { answer: { ...answer, ttl_ms: Math.max(0, Math.floor(expiresAtMs - nowMs)) }, after };
}

/** What a caller is answered: from which tier, and up to where it shows every write. */
export const answerOf = ({ answer, after }: Shown, cache: CacheState): Answer => ({
  ...answer,
  cache,
  ...(after !== undefined && { after }),
});
