import { systemClock, type Clock, type Lsn } from '@mystocks/kernel';
import type { Entry, Lookup } from '../entry.js';
import { freshnessOf, GONE, type Judged } from '../freshness.js';
import { Fences } from './fences.js';
import { MissedEventsWindow } from './missed-events-window.js';
import { WriteTimes } from './write-times.js';

export interface KnownWritesOptions {
  readonly clock?: Clock;
  /** How long nothing is stored after an event may have been missed, ms: a replica may lag by as much and still be read. */
  readonly settleMs?: number;
  /** How long a last good answer may be served, ms. */
  readonly graceMs?: number;
}

/**
 * Everything that one process knows about writes, and therefore which entries it may serve and store. Both tiers of the
 * cache use this one judge.
 */
export class KnownWrites {
  readonly #clock: Clock;
  readonly #fences = new Fences();
  readonly #times: WriteTimes;
  readonly #window: MissedEventsWindow;
  #generation = 0;
  #accepts: (position: Lsn) => boolean = () => true;

  constructor({ clock = systemClock, settleMs = 0, graceMs = 0 }: KnownWritesOptions = {}) {
    this.#clock = clock;
    this.#times = new WriteTimes(graceMs);
    this.#window = new MissedEventsWindow(settleMs);
  }

  /** The newest position that an event has named. */
  get latest(): Lsn | undefined {
    return this.#fences.latest;
  }

  /** Grows whenever an event may have been missed: answers that were requested before must not be stored. */
  get generation(): number {
    return this.#generation;
  }

  /** Whether answers that are requested now may be stored at all. */
  get mayStore(): boolean {
    return this.#window.isOver(this.#clock.now());
  }

  /** Notes a write at `lsn` that touched `tags`. */
  note(tags: readonly string[], lsn: Lsn): void {
    this.#times.note(tags, lsn, this.#clock.now());
    this.#fences.raise(tags, lsn);
  }

  /** Another process knows of a write at `lsn`: answers requested from now on show it, if the position is believed. */
  learn(lsn: Lsn): void {
    if (this.accepts(lsn)) this.#fences.raise([], lsn);
  }

  /** Whether an entry at `position` may be stored; one without a position rests on nothing that could be false. */
  accepts(position: Lsn | undefined): boolean {
    return position === undefined || this.#accepts(position);
  }

  /** From now on positions that other processes name are only believed when `accepts` says so. */
  checkPositions(accepts: (position: Lsn) => boolean): void {
    this.#accepts = accepts;
  }

  /** The log ends at `end`, but later positions were believed: nothing from before is trusted any more. */
  setBackTo(end: Lsn): void {
    this.#fences.setBackTo(end);
    this.#times.clear();
    this.invalidateAll();
  }

  /** An event may have been missed: what was requested or stored before is not trusted any more. */
  invalidateAll(): void {
    this.#generation += 1;
    this.#window.note(this.#clock.now());
  }

  /** What the entry of `lookup` may be used for at `nowMs`, by a reader that must see `readAfter`. */
  judge<E extends Entry>(lookup: Lookup<E>, nowMs: number, readAfter?: Lsn): Judged<E> {
    if (!lookup.hit || !this.covers(readAfter, lookup.entry.position)) return GONE;
    const { entry } = lookup;
    const isWritten = lookup.invalidated || !this.showsAll(entry.answer.tags, entry.position);
    const distrustedMs = this.#window.distrustedSince(entry);
    const invalidated = isWritten || distrustedMs !== undefined;
    // The process that stored it may know of later writes than this one: its replacement must show those, too.
    if (distrustedMs !== undefined && entry.position !== undefined) this.learn(entry.position);
    const writtenMs = isWritten ? this.#times.firstMissedBy(entry) : undefined;
    const invalidatedAtMs = Math.min(writtenMs ?? Infinity, distrustedMs ?? Infinity);
    const freshness = freshnessOf({ hit: true, entry, invalidated }, nowMs, invalidatedAtMs);
    return freshness === 'gone' ? GONE : { freshness, entry, invalidated };
  }

  /** Whether an answer at `position` surely shows everything up to `readAfter`. */
  covers(readAfter: Lsn | undefined, position: Lsn | undefined): boolean {
    return this.#fences.covers(readAfter, position);
  }

  /** Whether an answer with `tags`, at `position`, shows every write to them that an event has named until now. */
  showsAll(tags: readonly string[], position: Lsn | undefined): boolean {
    return this.#fences.allows(tags, position);
  }
}
