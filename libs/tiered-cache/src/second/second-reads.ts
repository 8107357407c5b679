import { ownerOf, type Answer, type CacheEntries } from '@mystocks/contracts';
import { systemClock, type Clock, type Lsn } from '@mystocks/kernel';
import { currentContext, metrics, readingAfter } from '@mystocks/telemetry';
import { KnownWrites } from '../coherence/known-writes.js';
import { followWrites, type EventBus } from '../coherence/write-events.js';
import { FailedKeys } from '../failed-keys.js';
import type { Entry } from '../entry.js';
import { staleOf, type Judged } from '../freshness.js';
import { ReadThrough, type CachedRead } from '../read-through.js';
import { SharedReads } from '../shared-reads.js';
import { answerOfEntry, LeasedReads, type FetchedAnswer } from './leased-reads.js';
import { TagInvalidations } from './tag-invalidations.js';
import type { Tier } from './tier.js';

/** How much of a caller's time is reserved for serving the last good answer, ms. */
const SPARE_MS = 100;

/** What is needed of a bus besides its events. */
interface OwnersBus extends EventBus {
  /** Whether no instance of a service has sent a heartbeat lately. */
  isSilent(service: string): boolean;
}

export interface SecondReadsOptions {
  readonly clock?: Clock;
  /** How long nothing is stored after an event may have been missed, ms. */
  readonly settleMs?: number;
  /** How long after its expiry an answer may still be the last good one, ms. */
  readonly graceMs?: number;
}

/**
 * Reads through the second tier, whose entries several processes share: who asks the owner is settled by leases, and a
 * key whose owner failed is not fetched again for a second.
 *
 * What is counted: every {@link read} is one hit (a fresh entry was there at the first lookup) or one miss of `l2`, never
 * both; a tier that does not serve is a miss. `cache_origin_calls_total` counts requests that are really sent to an owner,
 * by a read, a refresh or a warm-up, and not reads that joined another or found what another process stored. A call that
 * the bus sends to two instances counts once here, and in both of them if they are instances of this service
 * (`bus_calls_repeated_total`).
 */
export class SecondReads {
  readonly #clock: Clock;
  readonly #writes: KnownWrites;
  readonly #shared = new SharedReads<Answer>();
  readonly #leased: LeasedReads;
  readonly #readThrough: ReadThrough<CachedRead, Entry, Answer>;
  readonly #tags: TagInvalidations;
  readonly #hits = metrics.cacheHits.cell('l2');
  readonly #misses = metrics.cacheMisses.cell('l2');
  #originCalls = 0;
  #onHit: (key: string) => void = () => undefined;

  constructor(
    private readonly bus: OwnersBus,
    private readonly tier: Tier,
    { clock = systemClock, settleMs = 1_000, graceMs = 900_000 }: SecondReadsOptions = {},
  ) {
    const writes = new KnownWrites({ clock, settleMs, graceMs });
    this.#clock = clock;
    this.#writes = writes;
    this.#tags = new TagInvalidations(tier);
    this.#leased = new LeasedReads({ tier, writes, clock, graceMs, askOwner: (...asked) => this.#askOwner(...asked) });
    this.#readThrough = new ReadThrough(
      {
        layer: 'l2',
        find: (read) => this.#find(read),
        findAgain: (read) => this.#look(read),
        isCutOff: ({ call }) => bus.isSilent(ownerOf(call)),
        fetch: async (read) => ({ ...(await this.#fetch(read)), cache: 'miss' }),
        answer: (_read, entry, cache) =>
          cache === 'stale' ? staleOf(entry.answer) : { ...answerOfEntry(entry, clock.now()), cache },
        failed: new FailedKeys(clock),
        spareMs: SPARE_MS,
      },
      clock,
    );
  }

  /** What this process has counted. Requests to owners are those of this object alone. */
  get counts(): { readonly hits: number; readonly misses: number; readonly originCalls: number } {
    return { hits: this.#hits.count, misses: this.#misses.count, originCalls: this.#originCalls };
  }

  /** Follows writes. What the tier holds from before may be old, because this process did not follow them then. */
  follow(instance: string): void {
    const following = followWrites(this.bus, {
      invalidate: (tags, lsn) => {
        this.#writes.note(tags, lsn);
        this.#tags.add(tags, lsn);
      },
      drop: ({ by, ...entries }) => {
        // A running read may show what was dropped.
        this.#shared.forget();
        if (by !== instance) void this.tier.drop(entries);
      },
      onMissedDrops: () => {
        this.#shared.forget();
      },
      invalidateAll: () => {
        this.#invalidateAll();
      },
      // Entries of the tier carry positions that are false, and a later write would not invalidate them.
      setBackTo: (end) => {
        this.#writes.setBackTo(end);
        this.#shared.forget();
        this.#tags.forget();
        void this.tier.clear();
      },
    });
    this.#writes.checkPositions((position) => following.accepts(position));
    this.#invalidateAll();
    void this.tier.clear();
  }

  /** The answer from the tier or from its owner. @throws {Failure} what the owner said */
  read(read: CachedRead): Promise<Answer> {
    return this.#readThrough.read(read);
  }

  /** Another process knows of a write at `lsn`. */
  learn(lsn: Lsn): void {
    this.#writes.learn(lsn);
  }

  /**
   * An answer of the owner, to be stored with others by {@link storeMany} within seconds; undefined when the tier has a
   * fresh entry. Counts neither as a hit nor as a miss.
   */
  async fetchToStore(read: CachedRead): Promise<FetchedAnswer | undefined> {
    return (await this.#look(read)).freshness === 'fresh' ? undefined : this.#leased.fetch(read);
  }

  /** Stores together those answers that still show every known write; says of each whether it is stored. */
  storeMany(fetched: readonly FetchedAnswer[]): Promise<boolean[]> {
    return this.#leased.storeMany(fetched);
  }

  /** Drops entries of the tier; reads that are running bring none back. */
  drop(entries: CacheEntries): Promise<number> {
    this.#shared.forget();
    return this.tier.drop(entries);
  }

  /** From now on `listener` is called with the key of each read that the tier had a fresh entry for. */
  onHit(listener: (key: string) => void): void {
    this.#onHit = listener;
  }

  #invalidateAll(): void {
    this.#writes.invalidateAll();
    this.#shared.forget();
  }

  async #look({ key, readAfter }: CachedRead): Promise<Judged> {
    return this.#writes.judge(await this.tier.get(key), this.#clock.now(), readAfter);
  }

  async #find(read: CachedRead): Promise<Judged> {
    const found = await this.#look(read);
    if (found.freshness === 'fresh') {
      this.#hits.count += 1;
      this.#onHit(read.key);
    } else this.#misses.count += 1;
    return found;
  }

  async #fetch(read: CachedRead): Promise<Answer> {
    const writes = this.#writes;
    const known = writes.latest;
    // A position that no event has named is a client's word and may be made up: no other reader may wait for its answer.
    if (!writes.covers(read.readAfter, known)) return (await this.#leased.askOwner(read)).answer;
    const isHurried = (currentContext()?.deadlineMs ?? Infinity) < this.#clock.now() + read.call.timeoutMs;
    const isGoodEnough = ({ tags, after }: Answer): boolean =>
      writes.covers(known, after) || writes.showsAll(tags, after);
    const answer = await this.#shared.run({ key: read.key, isHurried, isGoodEnough }, () => this.#leased.read(read));
    // The process that stored it may not have received the event of this reader's own write.
    return writes.covers(read.readAfter, answer.after) ? answer : (await this.#leased.askOwner(read)).answer;
  }

  #askOwner({ call, request }: CachedRead, position: Lsn | undefined): Promise<Answer> {
    metrics.cacheOriginCalls.cell(call.subject).count += 1;
    this.#originCalls += 1;
    return readingAfter(position, () => this.bus.call(call, request));
  }
}
