import { Failure, type Answer } from '@mystocks/contracts';
import { laterLsn, type Clock, type Lsn } from '@mystocks/kernel';
import { currentContext } from '@mystocks/telemetry';
import { setTimeout as pause } from 'node:timers/promises';
import type { KnownWrites } from '../coherence/known-writes.js';
import { entryOf, type Entry } from '../entry.js';
import type { CachedRead } from '../read-through.js';
import { HeldLeases, LEASE_MS } from './held-leases.js';
import type { Lease, LeasedEntry, Tier } from './tier.js';

/** While another process holds the lease: how often this one looks for its entry, at first and at last, ms. */
const LOOK_MIN_MS = 5;
const LOOK_MAX_MS = 25;
/** How long a read without a deadline waits for another process. */
const WAIT_MAX_MS = 3_000;

/** What an owner answered, with what is needed to store it. */
export interface FetchedAnswer {
  /** `after` is the position up to which it surely shows every write. */
  readonly answer: Answer;
  /** Undefined when the owner forbids caching, or when events may have been missed when it was asked. */
  readonly entry: Entry | undefined;
  /** {@link KnownWrites.generation} when the owner was asked. */
  readonly generation: number;
  /** The right to store it; undefined when the tier could not give one. */
  readonly lease: Lease | undefined;
}

/** Either another process has stored an entry, or it is this one's turn to ask. */
type Turn = { readonly entry: Entry } | { readonly entry?: undefined; readonly lease: Lease | undefined };

interface LeasedReadsParts {
  readonly tier: Tier;
  readonly writes: KnownWrites;
  readonly clock: Clock;
  readonly graceMs: number;
  /** Asks the owner for an answer that shows every write up to `position`. */
  readonly askOwner: (read: CachedRead, position: Lsn | undefined) => Promise<Answer>;
}

/**
 * One request to the owner however many processes need the same key: the process that gets the lease asks and stores, the
 * others look for what it stores. When the holder crashes they wait until its lease ends. When its request fails it
 * releases the lease, and the next process asks. How long a read waits for its turn is bounded by its own deadline.
 */
export class LeasedReads {
  readonly #held: HeldLeases;

  constructor(private readonly parts: LeasedReadsParts) {
    this.#held = new HeldLeases(parts.tier);
  }

  /** The answer, stored by this process or by another. @throws {Failure} what the owner said, or that the time is over */
  async read(read: CachedRead): Promise<Answer> {
    const turn = await this.#turnOf(read);
    if (turn.entry !== undefined) return answerOfEntry(turn.entry, this.parts.clock.now());
    const fetched = await this.#ask(read, turn.lease);
    const storable = this.#storable(fetched);
    if (storable !== undefined) void this.parts.tier.set(storable.entry, storable.lease);
    return fetched.answer;
  }

  /** An answer to be stored with others by {@link storeMany}; undefined when another process stored one, or nothing may be. */
  async fetch(read: CachedRead): Promise<FetchedAnswer | undefined> {
    const turn = await this.#turnOf(read);
    if (turn.entry !== undefined) return undefined;
    const fetched = await this.#ask(read, turn.lease);
    if (fetched.entry !== undefined) return fetched;
    if (fetched.lease !== undefined) this.#release(fetched.lease);
    return undefined;
  }

  /** Stores together those answers that still show every known write; says of each whether it is stored. */
  async storeMany(fetched: readonly FetchedAnswer[]): Promise<boolean[]> {
    const entries = fetched.map((one) => this.#storable(one));
    const stored = (await this.parts.tier.setMany(entries.flatMap((one) => one ?? []))).values();
    return entries.map((one) => one !== undefined && stored.next().value === true);
  }

  /** Asks the owner without waiting for a turn. Without a lease the answer must not be stored. */
  async askOwner(read: CachedRead, lease?: Lease): Promise<FetchedAnswer> {
    const { writes, clock, graceMs, askOwner } = this.parts;
    // All of these as they are before the owner is asked: writes that are named while it answers may be missing in it.
    const { generation, latest: position, mayStore } = writes;
    const given = await askOwner(read, laterLsn(read.readAfter, position));
    // Never at `readAfter`: a position that a client made up would protect this entry from all writes to come.
    const entry = mayStore ? entryOf(given, position, clock.now(), graceMs) : undefined;
    return { answer: atPosition(given, position), entry, generation, lease };
  }

  async #turnOf(read: CachedRead): Promise<Turn> {
    const { tier, writes, clock } = this.parts;
    // While nothing may be stored there is nothing to wait for.
    if (!writes.mayStore) return { lease: undefined };
    const untilMs = currentContext()?.deadlineMs ?? clock.now() + WAIT_MAX_MS;
    for (let lookMs = LOOK_MIN_MS; ; lookMs = Math.min(LOOK_MAX_MS, lookMs * 1.5)) {
      if (clock.now() >= untilMs) throw new Failure('timeout', 'The owner did not answer another instance in time');
      const claim = await tier.claim(read.key, LEASE_MS);
      if (claim.state === 'none') return { lease: undefined };
      // Also with the lease: its last holder may have stored an entry since the lookup that missed.
      const found = writes.judge(await tier.get(read.key), clock.now(), read.readAfter);
      if (found.freshness === 'fresh') {
        if (claim.state === 'leased') void tier.release(claim.lease);
        return { entry: found.entry };
      }
      if (claim.state === 'leased') return { lease: claim.lease };
      await pause(Math.min(lookMs, Math.max(1, claim.forMs)));
    }
  }

  async #ask(read: CachedRead, lease: Lease | undefined): Promise<FetchedAnswer> {
    if (lease === undefined) return this.askOwner(read);
    this.#held.hold(lease);
    try {
      return await this.askOwner(read, lease);
    } catch (error) {
      this.#release(lease);
      throw error;
    }
  }

  /** What to store of a fetched answer; when that is nothing, its lease is released. */
  #storable({ entry, lease, generation }: FetchedAnswer): LeasedEntry | undefined {
    const { writes } = this.parts;
    if (lease === undefined) return undefined;
    const isOvertaken =
      entry === undefined || generation !== writes.generation || !writes.showsAll(entry.answer.tags, entry.position);
    if (isOvertaken) {
      this.#release(lease);
      return undefined;
    }
    this.#held.letGo(lease);
    return { entry, lease };
  }

  #release(lease: Lease): void {
    this.#held.letGo(lease);
    void this.parts.tier.release(lease);
  }
}

/** The answer that an entry gives: its lifetime is what is left of it. */
export function answerOfEntry({ answer, expiresAtMs, position }: Entry, nowMs: number): Answer {
  return atPosition({ ...answer, ttl_ms: Math.max(0, Math.floor(expiresAtMs - nowMs)) }, position);
}

const atPosition = (answer: Answer, position: Lsn | undefined): Answer =>
  position === undefined ? answer : { ...answer, after: position };
