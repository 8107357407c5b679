import type { CacheEntries } from '@mystocks/contracts';
import { chunked, systemClock, type Clock, type Lsn } from '@mystocks/kernel';
import { log } from '@mystocks/telemetry';
import { chunksOf } from './chunks.js';
import { decodeEntry, encodeEntry } from './encode-entry.js';
import { ENTRY_BYTES_MAX, MISS, type Entry, type Lookup } from '../entry.js';
import { PendingInvalidations } from './pending-invalidations.js';
import { RedisLink, type Step } from './redis-link.js';
import type { LeaseClaim, LeasedEntry, Lease, Tier } from './tier.js';

export interface RedisTierOptions {
  readonly url: string;
  /** What one operation may take before it counts as failed, ms. */
  readonly deadlineMs?: number;
  /** Prefix of every key. */
  readonly prefix?: string;
  readonly clock?: Clock;
}

/** The reply of the script that reads an entry. */
type EntryReply = [bytes: Buffer, invalidated: Buffer | null] | null;

const KEYS_PER_TRIP = 32;
const NAMES_PER_TRIP = 1_000;

/** The second tier in Redis, shared by all instances: entries, leases, and the writes and drops that overtake them. */
export class RedisTier implements Tier {
  readonly kind = 'redis';
  readonly #link: RedisLink;
  readonly #prefix: string;
  readonly #clock: Clock;
  readonly #pending = new PendingInvalidations();
  #loggedLarge = false;

  constructor(options: RedisTierOptions) {
    this.#prefix = options.prefix ?? 'mystocks:l2:';
    this.#clock = options.clock ?? systemClock;
    this.#link = new RedisLink({
      url: options.url,
      deadlineMs: options.deadlineMs ?? 50,
      catchUp: (step) => this.#catchUp(step),
      reconnected: () => void this.clear(),
    });
  }

  get serving(): boolean {
    return this.#link.serving;
  }

  async get(key: string): Promise<Lookup> {
    const found = await this.#link.attempt((redis) => redis.tierReadBuffer(this.#prefix, key));
    return this.#lookupOf(key, found);
  }

  async getMany(keys: readonly string[]): Promise<Lookup[]> {
    const lookups: Lookup[] = [];
    for (const some of chunked(keys, KEYS_PER_TRIP)) lookups.push(...(await this.#getSome(some)));
    return lookups;
  }

  async claim(key: string, leaseMs: number): Promise<LeaseClaim> {
    const reply = await this.#link.attempt((redis) => redis.tierClaim(this.#prefix, key, leaseMs));
    if (reply === undefined) return { state: 'none' };
    const [given, number] = reply;
    return given === 1 ? { state: 'leased', lease: { key, fence: number } } : { state: 'held', forMs: number };
  }

  async renew({ key, fence }: Lease, leaseMs: number): Promise<boolean> {
    return (await this.#link.attempt((redis) => redis.tierRenew(this.#prefix, key, fence, leaseMs))) === 1;
  }

  async release({ key, fence }: Lease): Promise<void> {
    await this.#link.attempt((redis) => redis.tierRelease(this.#prefix, key, fence));
  }

  async set(entry: Entry, lease: Lease): Promise<boolean> {
    return (await this.setMany([{ entry, lease }]))[0] === true;
  }

  /** Needs one round trip for each chunk, which is bounded so that it fits the deadline of an operation. */
  async setMany(entries: readonly LeasedEntry[]): Promise<boolean[]> {
    const outcomes: boolean[] = [];
    for (const chunk of chunksOf(entries)) outcomes.push(...(await this.#setSome(chunk)));
    return outcomes;
  }

  async invalidate(tags: readonly string[], lsn: Lsn): Promise<void> {
    for (const some of tripsOf(tags)) {
      const done = await this.#link.attempt((redis) => redis.tierInvalidate(this.#prefix, sortable(lsn), ...some));
      if (done !== undefined) continue;
      this.#pending.invalidate(some, lsn);
      void this.#link.makeUp();
    }
  }

  async drop(entries: CacheEntries): Promise<number> {
    const { keys = [], tags = [] } = entries;
    const dropped = await this.#link.attempt((redis) => redis.tierDrop(this.#prefix, keys.length, ...keys, ...tags));
    if (dropped !== undefined) return dropped;
    this.#pending.drop(entries);
    void this.#link.makeUp();
    return 0;
  }

  clear(): Promise<void> {
    this.#pending.clear();
    return this.#link.makeUp();
  }

  probe(): Promise<void> {
    return this.#link.probe();
  }

  close(): Promise<void> {
    this.#link.close();
    return Promise.resolve();
  }

  #catchUp(step: Step): Promise<void> {
    const prefix = this.#prefix;
    return this.#pending.applyTo({
      invalidate: async (tags, lsn) => {
        for (const some of tripsOf(tags)) await step((redis) => redis.tierInvalidate(prefix, sortable(lsn), ...some));
      },
      drop: async ({ keys, tags }) => {
        for (const some of tripsOf(keys)) await step((redis) => redis.tierDrop(prefix, some.length, ...some));
        for (const some of tripsOf(tags)) await step((redis) => redis.tierDrop(prefix, 0, ...some));
      },
      clear: () => clearAll(prefix, step),
    });
  }

  #lookupOf(key: string, found: EntryReply | undefined): Lookup {
    if (found === undefined || found === null) return MISS;
    const [bytes, invalidated] = found;
    const entry = decodeEntry(bytes);
    if (entry !== undefined) {
      return entry.graceUntilMs > this.#clock.now() ? { hit: true, entry, invalidated: invalidated !== null } : MISS;
    }
    void this.#link.attempt((redis) => redis.unlink(`${this.#prefix}e:${key}`));
    return MISS;
  }

  async #getSome(keys: readonly string[]): Promise<Lookup[]> {
    const found = await this.#link.attemptMany((pipeline) => {
      for (const key of keys) pipeline.tierReadBuffer(this.#prefix, key);
    });
    return keys.map((key, index) => this.#lookupOf(key, found[index] as EntryReply | undefined));
  }

  async #setSome(entries: readonly LeasedEntry[]): Promise<boolean[]> {
    const nowMs = this.#clock.now();
    const mayStore = entries.map((one) => this.#mayStore(one, nowMs));
    const outcomes = await this.#link.attemptMany((pipeline) => {
      for (const [index, entry] of entries.entries()) {
        if (mayStore[index] === true) pipeline.tierKeep(this.#prefix, ...argumentsOf(entry, nowMs));
        else pipeline.tierRelease(this.#prefix, entry.lease.key, entry.lease.fence);
      }
    });
    return mayStore.map((may, index) => may && outcomes[index] === 1);
  }

  #mayStore({ entry }: LeasedEntry, nowMs: number): boolean {
    const bytes = entry.answer.body.length;
    if (bytes > ENTRY_BYTES_MAX && !this.#loggedLarge) {
      this.#loggedLarge = true;
      log.warn({ bytes, bytes_max: ENTRY_BYTES_MAX }, 'answers over the limit are not stored in redis');
    }
    return bytes <= ENTRY_BYTES_MAX && entry.graceUntilMs > nowMs;
  }
}

/** Splits names into groups for one round trip each. */
const tripsOf = (names: readonly string[]): string[][] =>
  Array.from({ length: Math.ceil(names.length / NAMES_PER_TRIP) }, (_, trip) =>
    names.slice(trip * NAMES_PER_TRIP, (trip + 1) * NAMES_PER_TRIP),
  );

/** The arguments of the script that stores an entry. */
function argumentsOf({ entry, lease }: LeasedEntry, nowMs: number): (string | Buffer | number)[] {
  const { answer, expiresAtMs, graceUntilMs } = entry;
  const position = entry.position === undefined ? '' : sortable(entry.position);
  const lifeMs = Math.ceil(graceUntilMs - nowMs);
  const about = [JSON.stringify(answer.tags), position, expiresAtMs, graceUntilMs];
  return [lease.key, lease.fence, encodeEntry(entry), ...about, lifeMs, nowMs];
}

/** Clears a system's entries. Running fetches are fenced off first: what they store during the scan might be passed over. */
async function clearAll(prefix: string, step: Step): Promise<void> {
  await step((redis) => redis.tierDrop(prefix, 0, ''));
  let cursor = '0';
  do {
    const [next, keys] = await step((redis) => redis.scan(cursor, 'MATCH', `${prefix}[etl]:*`, 'COUNT', 1_000));
    if (keys.length > 0) await step((redis) => redis.unlink(...keys));
    cursor = next;
  } while (cursor !== '0');
}

/** A log position as text that sorts like positions do. */
function sortable(lsn: Lsn): string {
  return lsn
    .split('/')
    .map((half) => half.toUpperCase().padStart(8, '0'))
    .join('');
}
