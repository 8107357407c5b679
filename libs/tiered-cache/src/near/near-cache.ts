import { compareLsn, type Lsn } from '@mystocks/kernel';
import { metrics } from '@mystocks/telemetry';
import { LRUCache } from 'lru-cache';
import { AdmittedEntries } from './admitted-entries.js';
import { DropStamps, type Ticket } from '../coherence/drop-stamps.js';
import { Fences } from '../coherence/fences.js';
import type { Entry } from '../entry.js';
import { NameIndex } from '../name-index.js';

export interface NearCacheOptions {
  readonly entriesMax?: number;
  readonly bytesMax?: number;
}

/** An answer that may be served, marked stale, when its owner cannot be asked. */
export interface LastGood<K extends Entry = Entry> {
  readonly entry: K;
  /** A write has touched it since it was asked for. */
  readonly invalidated: boolean;
}

/** What an operator drops: `keys` of answers (their views go along) and `tags`. */
export interface Dropped {
  readonly keys?: readonly string[] | undefined;
  readonly tags?: readonly string[] | undefined;
}

/** Longer URLs are parsed each time; they would cost more memory than their parsing costs time. */
const ALIAS_LENGTH_MAX = 1_024;
/** What an entry costs beside its body, about: the objects, the key and its places in the index. */
const ENTRY_OVERHEAD = 1_024;

/**
 * The first tier: answers inside this process, ready to send. Synchronous; a hit costs well under a microsecond.
 * `K` lets the owner keep more beside an answer (ready headers, say).
 *
 * A key may end in `|view`: another form of the answer under the key before it, dropped along with that.
 */
export class NearCache<K extends Entry = Entry> {
  readonly #fences = new Fences();
  readonly #drops = new DropStamps();
  readonly #index = new NameIndex();
  readonly #entries: AdmittedEntries<K>;
  readonly #aliases: LRUCache<string, string>;
  readonly #hits = metrics.cacheHits.cell('l1');
  readonly #misses = metrics.cacheMisses.cell('l1');

  constructor({ entriesMax = 10_000, bytesMax = 256 * 1024 * 1024 }: NearCacheOptions = {}) {
    this.#entries = new AdmittedEntries({
      entriesMax,
      bytesMax,
      bytesOf: (kept) => kept.answer.body.length + ENTRY_OVERHEAD,
      onRemoved: (key, kept) => {
        this.#index.remove(key, namesOf(key, kept));
      },
    });
    this.#aliases = new LRUCache({ max: entriesMax });
  }

  /**
   * The fresh answer kept under `key`. With `readAfter` (a client's own last write) only one that surely shows it: that
   * was fetched after it.
   */
  get(key: string, nowMs: number, readAfter?: Lsn): K | undefined {
    const kept = this.#usable(key, this.#entries.get(key), nowMs, readAfter);
    if (kept === undefined) this.#misses.count += 1;
    else this.#hits.count += 1;
    return kept;
  }

  /** Remembers that `rawUrl`, exactly as it was sent, asks for `key`: the next one need not be parsed. */
  alias(rawUrl: string, key: string): void {
    if (rawUrl.length <= ALIAS_LENGTH_MAX) this.#aliases.set(rawUrl, key);
  }

  /**
   * {@link get} by a remembered URL, when the caller `accepts` what is there. Counts hits only: with anything else the
   * caller asks again by key, and that counts.
   */
  getByAlias(rawUrl: string, nowMs: number, readAfter?: Lsn, accepts: (kept: K) => boolean = anything): K | undefined {
    const key = this.#aliases.get(rawUrl);
    if (key === undefined) return undefined;
    const kept = this.#usable(key, this.#entries.getKnown(key), nowMs, readAfter);
    if (kept === undefined || !accepts(kept)) return undefined;
    this.#hits.count += 1;
    return kept;
  }

  /**
   * What is kept under `key`, fresh or not, until its `graceUntilMs`. Counts nothing. A caller with a `readAfter` may
   * only have it when `kept.after` covers that.
   */
  lastGood(key: string, nowMs: number): LastGood<K> | undefined {
    const kept = this.#entries.peek(key);
    if (kept === undefined) return undefined;
    if (kept.graceUntilMs > nowMs) return { entry: kept, invalidated: !this.#fences.allows(kept.answer.tags, kept.position) };
    this.#entries.delete(key);
    return undefined;
  }

  /** Whether an answer with `tags`, asked for `after` that position, shows every write that was told here. */
  showsAll(tags: readonly string[], after: Lsn | undefined): boolean {
    return this.#fences.allows(tags, after);
  }

  /** To be called before a fetch begins; {@link set} wants it with what the fetch brought. */
  begin(): Ticket {
    return this.#drops.now;
  }

  /**
   * Keeps an answer. `false` when a write that it may not show was announced meanwhile, when its key, a tag of it or
   * everything was dropped since `ticket`, when what is there shows later writes, or when it is too large.
   */
  set(key: string, kept: K, ticket: Ticket): boolean {
    const { tags } = kept.answer;
    if (!this.#drops.allows([plainKeyOf(key), ...tags], ticket)) return false;
    if (!this.#fences.allows(tags, kept.position)) return false;
    if (showsMore(this.#entries.peek(key)?.position, kept.position)) return false;
    if (!this.#entries.set(key, kept)) return false;
    this.#index.add(key, namesOf(key, kept));
    return true;
  }

  /**
   * A write at `lsn` touched `tags`: what may not show it is no longer fresh and only good while its owner cannot be
   * asked; late answers that may not show it are refused.
   */
  invalidate(tags: readonly string[], lsn: Lsn): void {
    this.#fences.raise(tags, lsn);
    for (const tag of tags) for (const key of this.#index.keysOf(tag)) this.#retireOutdated(key);
  }

  /** Drops for good, and refuses what fetches under way bring back under these keys and tags; says how many went. */
  drop({ keys = [], tags = [] }: Dropped): number {
    this.#drops.stamp([...keys, ...tags]);
    const named = [...keys, ...[...keys, ...tags].flatMap((name) => this.#index.keysOf(name))];
    return named.filter((key) => this.#entries.delete(key)).length;
  }

  /** Nothing kept is fresh any more, only good while its owner cannot be asked. Refuses what fetches under way bring back. */
  invalidateAll(): void {
    this.#drops.stampAll();
    this.#entries.markAllStale();
  }

  /**
   * The log ends at `end`, but later positions were believed. Entries that were fetched after a later one are dropped, the
   * others are as after {@link invalidateAll}.
   */
  setBackTo(end: Lsn): void {
    this.#fences.setBackTo(end);
    this.invalidateAll();
    for (const [key, { position: after }] of this.#entries.staleEntries())
      if (after !== undefined && compareLsn(after, end) > 0) this.#entries.delete(key);
  }

  /** Drops everything: news may have been missed. Refuses what fetches under way bring back. Fences stay. */
  clear(): void {
    this.#drops.stampAll();
    this.#entries.clear();
    this.#aliases.clear();
    this.#index.clear();
  }

  /** The newest write announced; reads pass it down as their `readAfter`. */
  get latestLsn(): Lsn | undefined {
    return this.#fences.latest;
  }

  /** Answers kept, fresh or not. */
  get size(): number {
    return this.#entries.size;
  }

  #usable(key: string, kept: K | undefined, nowMs: number, readAfter: Lsn | undefined): K | undefined {
    if (kept === undefined) return undefined;
    if (kept.expiresAtMs <= nowMs) {
      this.#entries.markStale(key);
      return undefined;
    }
    return readAfter === undefined || this.#fences.covers(readAfter, kept.position) ? kept : undefined;
  }

  // News may be late: an answer that was already fetched after the write stays.
  #retireOutdated(key: string): void {
    const kept = this.#entries.peek(key);
    if (kept !== undefined && !this.#fences.allows(kept.answer.tags, kept.position)) this.#entries.markStale(key);
  }
}

const anything = (): boolean => true;

const showsMore = (there: Lsn | undefined, late: Lsn | undefined): boolean =>
  there !== undefined && (late === undefined || compareLsn(there, late) > 0);

function plainKeyOf(key: string): string {
  const view = key.indexOf('|');
  return view < 0 ? key : key.slice(0, view);
}

/** What an entry is found by when things are outdated or dropped: its tags, and for a view the key it belongs to. */
function namesOf(key: string, kept: Entry): readonly string[] {
  const plain = plainKeyOf(key);
  return plain === key ? kept.answer.tags : [plain, ...kept.answer.tags];
}
