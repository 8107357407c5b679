import { compareLsn, type Lsn } from '@mystocks/kernel';
import { metrics } from '@mystocks/telemetry';
import { LRUCache } from 'lru-cache';
import { DropStamps, type Ticket } from '../coherence/drop-stamps.js';
import { KnownWrites, type KnownWritesOptions } from '../coherence/known-writes.js';
import { followWrites, type EventBus, type Following, type WriteListener } from '../coherence/write-events.js';
import type { Entry } from '../entry.js';
import { freshnessOf, GONE, type Judged } from '../freshness.js';
import { NameIndex } from '../name-index.js';
import { AdmittedEntries } from './admitted-entries.js';

export interface NearCacheOptions extends KnownWritesOptions {
  readonly entriesMax?: number;
  readonly bytesMax?: number;
}

/** An entry that may be served, marked stale, when its owner cannot be asked. */
export interface LastGood<E extends Entry = Entry> {
  readonly entry: E;
  /** A write may have touched it since it was requested. */
  readonly invalidated: boolean;
}

/** What an operator drops: `keys` of answers (their views go along) and `tags`. */
interface Dropped {
  readonly keys?: readonly string[] | undefined;
  readonly tags?: readonly string[] | undefined;
}

/** Longer URLs are parsed each time: they would cost more memory than their parsing costs time. */
const ALIAS_LENGTH_MAX = 1_024;
/** What an entry costs beside its body, about: the objects, the key and its places in the index. */
const ENTRY_OVERHEAD = 1_024;
/** Older than every drop: what a fetch with this ticket brings is not stored. */
const UNTRUSTED: Ticket = -1;

/**
 * The first tier: entries inside this process, ready to send. It is synchronous; a hit costs well under a microsecond.
 * `E` lets the user of the cache store more beside an answer (ready headers, say).
 *
 * A key may end in `|view`: another form of the answer under the key before it, dropped along with that.
 */
export class NearCache<E extends Entry = Entry> implements WriteListener {
  readonly #writes: KnownWrites;
  readonly #drops = new DropStamps();
  readonly #index = new NameIndex();
  readonly #entries: AdmittedEntries<E>;
  readonly #aliases: LRUCache<string, string>;
  readonly #hits = metrics.cacheHits.cell('l1');
  readonly #misses = metrics.cacheMisses.cell('l1');

  constructor({ entriesMax = 10_000, bytesMax = 256 * 1024 * 1024, ...known }: NearCacheOptions = {}) {
    this.#writes = new KnownWrites(known);
    this.#entries = new AdmittedEntries({
      entriesMax,
      bytesMax,
      bytesOf: (entry) => entry.answer.body.length + ENTRY_OVERHEAD,
      onRemoved: (key, entry) => {
        this.#index.remove(key, namesOf(key, entry));
      },
    });
    this.#aliases = new LRUCache({ max: entriesMax });
  }

  /** Follows writes and drops until it is stopped. */
  follow(bus: EventBus): Following {
    const following = followWrites(bus, this);
    this.#writes.checkPositions((position) => following.accepts(position));
    return following;
  }

  /**
   * The fresh entry under `key`. With `readAfter` (a client's own last write) only one that surely shows it: one that was
   * requested after it.
   */
  get(key: string, nowMs: number, readAfter?: Lsn): E | undefined {
    const entry = this.#usable(key, this.#entries.get(key), nowMs, readAfter);
    if (entry === undefined) this.#misses.count += 1;
    else this.#hits.count += 1;
    return entry;
  }

  /** Remembers that `rawUrl`, exactly as it was sent, stands for `key`: the next such request need not be parsed. */
  alias(rawUrl: string, key: string): void {
    if (rawUrl.length <= ALIAS_LENGTH_MAX) this.#aliases.set(rawUrl, key);
  }

  /**
   * {@link get} by a remembered URL, when the caller `accepts` the entry. Counts hits only: after anything else the caller
   * reads by key, and that counts.
   */
  getByAlias(rawUrl: string, nowMs: number, readAfter?: Lsn, accepts: (entry: E) => boolean = always): E | undefined {
    const key = this.#aliases.get(rawUrl);
    if (key === undefined) return undefined;
    const entry = this.#usable(key, this.#entries.getKnown(key), nowMs, readAfter);
    if (entry === undefined || !accepts(entry)) return undefined;
    this.#hits.count += 1;
    return entry;
  }

  /** The entry under `key`, and what a reader that must see `readAfter` may use it for. Counts as {@link get} does. */
  find(key: string, nowMs: number, readAfter: Lsn | undefined): Judged<E> {
    const entry = this.get(key, nowMs, readAfter);
    return entry === undefined
      ? this.findStale(key, nowMs, readAfter)
      : { freshness: 'fresh', entry, invalidated: false };
  }

  /** {@link find} for a reader that can have no fresh entry. Counts nothing. */
  findStale(key: string, nowMs: number, readAfter: Lsn | undefined): Judged<E> {
    const last = this.lastGood(key, nowMs);
    if (last === undefined || !this.#writes.covers(readAfter, last.entry.position)) return GONE;
    const freshness = freshnessOf({ hit: true, ...last }, nowMs) === 'revalidate' ? 'revalidate' : 'grace';
    return { freshness, ...last };
  }

  /**
   * The entry under `key`, fresh or not, until its grace ends. Counts nothing. A caller with a `readAfter` may only use it
   * when its position covers that.
   */
  lastGood(key: string, nowMs: number): LastGood<E> | undefined {
    const entry = this.#entries.peek(key);
    if (entry === undefined) return undefined;
    const judged = this.#writes.judge({ hit: true, entry, invalidated: false }, nowMs);
    if (judged.freshness !== 'gone') return { entry, invalidated: judged.invalidated };
    if (entry.graceUntilMs <= nowMs) this.#entries.delete(key);
    return undefined;
  }

  /** Whether an answer with `tags`, at `position`, shows every write that an event has named here. */
  showsAll(tags: readonly string[], position: Lsn | undefined): boolean {
    return this.#writes.showsAll(tags, position);
  }

  /** To be called before a fetch begins; {@link set} needs it together with what the fetch brought. */
  begin(): Ticket {
    return this.#writes.mayStore ? this.#drops.now : UNTRUSTED;
  }

  /**
   * Stores an entry. `false` when a write that it may not show was named meanwhile, when its key, a tag of it or
   * everything was dropped since `ticket`, when its position is not believed, when the entry that is there shows later
   * writes, or when it is too large.
   */
  set(key: string, entry: E, ticket: Ticket): boolean {
    const { tags } = entry.answer;
    if (!this.#writes.accepts(entry.position)) return false;
    if (!this.#drops.allows([plainKeyOf(key), ...tags], ticket)) return false;
    if (!this.#writes.showsAll(tags, entry.position)) return false;
    if (showsMore(this.#entries.peek(key)?.position, entry.position)) return false;
    if (!this.#entries.set(key, entry)) return false;
    this.#index.add(key, namesOf(key, entry));
    return true;
  }

  /**
   * A write at `lsn` touched `tags`: entries that may not show it are no longer fresh and may only be last good answers;
   * late answers that may not show it are refused.
   */
  invalidate(tags: readonly string[], lsn: Lsn): void {
    this.#writes.note(tags, lsn);
    for (const tag of tags) for (const key of this.#index.keysOf(tag)) this.#markInvalidated(key);
  }

  /** Drops entries for good, and refuses what running fetches bring for these keys and tags. Returns how many it dropped. */
  drop({ keys = [], tags = [] }: Dropped): number {
    this.#drops.stamp([...keys, ...tags]);
    const named = [...keys, ...[...keys, ...tags].flatMap((name) => this.#index.keysOf(name))];
    return named.filter((key) => this.#entries.delete(key)).length;
  }

  /**
   * An event may have been missed: no entry is fresh any more, all may only be last good answers. What running fetches
   * bring is refused, and so is what is requested before the replicas have caught up.
   */
  invalidateAll(): void {
    this.#writes.invalidateAll();
    this.#markAllStale();
  }

  /**
   * The log ends at `end`, but later positions were believed. Entries at a later position are dropped, the others are as
   * after {@link invalidateAll}.
   */
  setBackTo(end: Lsn): void {
    this.#writes.setBackTo(end);
    this.#markAllStale();
    for (const [key, { position }] of this.#entries.staleEntries())
      if (position !== undefined && compareLsn(position, end) > 0) this.#entries.delete(key);
  }

  /** Drops everything, and refuses what running fetches bring. Fences stay. */
  clear(): void {
    this.#drops.stampAll();
    this.#entries.clear();
    this.#aliases.clear();
    this.#index.clear();
  }

  /** An event of a drop may have been missed. */
  onMissedDrops(): void {
    this.clear();
  }

  /** The newest position that an event has named; reads pass it on as the position that their answer must show. */
  get latestLsn(): Lsn | undefined {
    return this.#writes.latest;
  }

  /** How many entries there are, fresh or not. */
  get size(): number {
    return this.#entries.size;
  }

  #usable(key: string, entry: E | undefined, nowMs: number, readAfter: Lsn | undefined): E | undefined {
    if (entry === undefined) return undefined;
    if (entry.expiresAtMs <= nowMs) {
      this.#entries.markStale(key);
      return undefined;
    }
    return readAfter === undefined || this.#writes.covers(readAfter, entry.position) ? entry : undefined;
  }

  #markAllStale(): void {
    this.#drops.stampAll();
    this.#entries.markAllStale();
  }

  /** An event may arrive late: an entry that was requested after the write stays fresh. */
  #markInvalidated(key: string): void {
    const entry = this.#entries.peek(key);
    if (entry !== undefined && !this.#writes.showsAll(entry.answer.tags, entry.position)) this.#entries.markStale(key);
  }
}

const always = (): boolean => true;

const showsMore = (there: Lsn | undefined, late: Lsn | undefined): boolean =>
  there !== undefined && (late === undefined || compareLsn(there, late) > 0);

function plainKeyOf(key: string): string {
  const view = key.indexOf('|');
  return view < 0 ? key : key.slice(0, view);
}

/** The names by which invalidations and drops find an entry: its tags, and for a view the key that it belongs to. */
function namesOf(key: string, entry: Entry): readonly string[] {
  const plain = plainKeyOf(key);
  return plain === key ? entry.answer.tags : [plain, ...entry.answer.tags];
}
