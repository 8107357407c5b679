import { randomInt } from 'node:crypto';
import type { TdenginePool } from '@mystocks/connection-pool';
import { chunked, mapBounded, type Clock } from '@mystocks/kernel';
import { MISS, type LeasedEntry, type Leases, type Lookup } from '@mystocks/tiered-cache';
import { lifeFor, type EntryHead } from './entry-rows.js';
import {
  newestFence,
  readHeads,
  readStarts,
  readTagged,
  readWhole,
  removeEntries,
  removeOldEntries,
  writeEntries,
  type Ask,
} from './tdengine-entries.js';
import { EVERYTHING, nameOf, numberOf, schemaStatements } from './tdengine-schema.js';
import { judged, namesOf, NO_STAMPS, readStamps, TdengineStamps, type Judged, type Stamps } from './tdengine-stamps.js';

/** Entries asked for or written in one statement. */
export const ENTRIES_MAX = 64;
/** Statements of one operation that are under way at once. */
const AT_ONCE = 4;
/** What one statement that writes may take, ms; no read waits for it. */
export const WRITE_DEADLINE_MS = 1_000;
const TIDY_DEADLINE_MS = 10_000;

export interface TdengineStoreOptions {
  readonly database: string;
  /** What a read may take, ms. */
  readonly deadlineMs: number;
  readonly clock: Clock;
  readonly leases: Leases;
}

/** Entries and stamps in TDengine, and what follows from both. Keys and tags go by their names (`nameOf`). */
export class TdengineStore {
  readonly #writer = randomInt(2 ** 47);
  readonly #stamps = new TdengineStamps(this.#writer);

  constructor(
    private readonly pool: TdenginePool,
    private readonly options: TdengineStoreOptions,
  ) {}

  /** What is kept under as many names as go out together ({@link ENTRIES_MAX}). */
  async read(names: readonly string[]): Promise<Map<string, Lookup>> {
    const ask = this.#within(this.options.deadlineMs);
    const starts = [...(await readStarts(ask, names)).values()].filter((start) => this.#isUseful(start));
    const [stamps, wholes] = await Promise.all([
      this.#stampsOf(ask, starts),
      mapBounded(starts, { atOnce: AT_ONCE }, (start) => readWhole(ask, start)),
    ]);
    const lookups = starts.map((start, place): [string, Lookup] => {
      const kept = wholes[place];
      const state = judged(start, stamps);
      const isThere = kept !== undefined && state !== 'gone';
      return [start.name, isThere ? { hit: true, entry: kept, invalidated: state === 'invalidated' } : MISS];
    });
    return new Map(lookups);
  }

  /** Writes what may be kept of as many entries, and answers which. */
  async write(entries: readonly LeasedEntry[]): Promise<LeasedEntry[]> {
    const ask = this.#writing;
    const rows = entries.map((entry) => ({ entry, ...askedFor(entry, this.#writer) }));
    const heads = await readHeads(
      ask,
      rows.map(({ name }) => name),
    );
    const stamps = await this.#stampsOf(ask, [...rows, ...heads.values()]);
    const good = rows.filter(({ entry, ...one }) => {
      const { entry: kept, lease } = entry;
      if (kept.graceUntilMs <= this.options.clock.now()) return false;
      if (judged(one, stamps) !== 'good' || !this.options.leases.allows(lease, kept.answer.tags, kept.position))
        return false;
      const there = heads.get(one.name);
      return there === undefined || judged(there, stamps) !== 'good' || !this.#showsMore(there, one.shows);
    });
    const sent = good.map(({ entry }) => entry);
    // A deleted row that outlived its newer version would be visible again once that version is removed.
    const outliving = good.flatMap(({ entry, name }) => {
      const there = heads.get(name);
      return there !== undefined && there.life > lifeFor(entry).life ? [there] : [];
    });
    await removeEntries(ask, outliving);
    const written = await writeEntries(ask, sent, this.#writer);
    return sent.filter((_, place) => written[place]);
  }

  invalidate(tags: readonly string[], fence: number, lsn: bigint): Promise<void> {
    return this.#stamps.invalidate(this.#writing, tags, fence, lsn);
  }

  /** Says how many entries are gone. */
  async drop(keys: readonly string[], tags: readonly string[], fence: number): Promise<number> {
    const there = await this.#findAll(keys, tags);
    // Above what instances with a faster clock have written.
    const above = Math.max(fence, ...there.map((head) => head.fence));
    this.options.leases.advance(above);
    await this.#stamps.drop(this.#writing, [...keys, ...tags], above);
    return there.length;
  }

  /** All leases end, and nothing that was written before is there any more. */
  async clear(): Promise<void> {
    this.options.leases.advance(await newestFence(this.#writing));
    await this.#stamps.drop(this.#writing, [EVERYTHING], this.options.leases.clear());
  }

  /** Settles when TDengine is well and has the tables. */
  async comeUp(): Promise<void> {
    await this.pool.check().probe();
    for (const statement of schemaStatements(this.options.database)) await this.#writing(statement);
  }

  /** Removes rows that no reader can see any more. */
  async tidy(): Promise<void> {
    const ask = this.#within(TIDY_DEADLINE_MS);
    await removeOldEntries(ask, this.options.clock.now());
    await this.#stamps.tidy(ask, this.options.clock.now());
  }

  /** The entries with such keys and tags that are there now. */
  async #findAll(keys: readonly string[], tags: readonly string[]): Promise<EntryHead[]> {
    const ask = this.#writing;
    const [wantedKeys, wantedTags] = [new Set(keys), new Set(tags)];
    const names = new Set([...keys, ...(await readTagged(ask, tags)).keys()]);
    const found = await mapBounded(chunked([...names], ENTRIES_MAX), { atOnce: AT_ONCE }, async (some) => {
      const heads = [...(await readHeads(ask, some)).values()].filter((head) => this.#isUseful(head));
      const meant = heads.filter((head) => wantedKeys.has(head.name) || head.tags.some((tag) => wantedTags.has(tag)));
      const stamps = await this.#stampsOf(ask, meant);
      return meant.filter((head) => judged(head, stamps) !== 'gone');
    });
    return found.flat();
  }

  async #stampsOf(ask: Ask, all: readonly Judged[]): Promise<Stamps> {
    if (all.length === 0) return NO_STAMPS;
    const names = new Set(all.flatMap(({ name, tags }) => namesOf(name, tags)));
    const stamps = await readStamps(ask, names, Math.min(...all.map(({ fence }) => fence)));
    // Of an instance whose clock is ahead: what is kept from now on has to be newer than that.
    this.options.leases.advance(stamps.newest);
    return stamps;
  }

  #showsMore(there: EntryHead, shows: bigint | undefined): boolean {
    if (there.shows === undefined || there.expiresAtMs <= this.options.clock.now()) return false;
    return shows === undefined || shows < there.shows;
  }

  #isUseful({ graceUntilMs }: EntryHead): boolean {
    return graceUntilMs > this.options.clock.now();
  }

  readonly #writing: Ask = (statement) => this.#within(WRITE_DEADLINE_MS)(statement);

  /** Statements that together may take `ms`. */
  #within(ms: number): Ask {
    const options = { deadlineMs: Date.now() + ms };
    return (statement) => this.pool.query(statement, options);
  }
}

function askedFor({ entry: kept, lease }: LeasedEntry, writer: number): Judged {
  const tags = kept.answer.tags.map((tag) => nameOf('tag', tag));
  const shows = kept.position === undefined ? undefined : numberOf(kept.position);
  return { name: nameOf('key', lease.key), fence: lease.fence, writer, tags, shows };
}
