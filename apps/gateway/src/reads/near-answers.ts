import type { Answer, Call } from '@mystocks/contracts';
import { systemClock, type Lsn } from '@mystocks/kernel';
import {
  MissedEventsWindow,
  freshnessOf,
  entryOf,
  NearCache,
  WriteTimes,
  type Entry,
  type LastGood,
  type Ticket,
} from '@mystocks/tiered-cache';
import type { ReadCell } from '../accesses/read-cells.js';
import type { RouteMeter } from '../http/meter.js';
import { answerHeaders } from './answer-headers.js';

/** Where an answer is served, once a v2 route has served it. */
interface ServedAt {
  readonly allow: Call['allow'];
  readonly meter: RouteMeter;
  readonly path: string;
}

/** A kept answer with its ready headers (name, value, name, value, …). */
export interface NearAnswer extends Entry {
  readonly head: readonly string[];
  /** Counts each time that it is given to somebody. */
  readonly reads: ReadCell;
  route: ServedAt | undefined;
}

/** A replica may be so far behind writes whose news never came; one further behind is not read from (DESIGN.md §7). */
const SETTLE_MS = 1_000;
/** Older than every drop: what it brings back is not kept. */
const UNTRUSTED: Ticket = -1;

/** The first cache tier of this process. */
export class NearAnswers extends NearCache<NearAnswer> {
  readonly #times: WriteTimes;
  readonly #distrust = new MissedEventsWindow(SETTLE_MS);
  #accepts: (lsn: Lsn) => boolean = () => true;

  /** `graceMs`: how long after it was fresh an answer may stand in for an owner that cannot be asked. */
  constructor(private readonly graceMs: number) {
    super();
    this.#times = new WriteTimes(graceMs);
  }

  /**
   * News may have been missed: what is kept is as good as outdated, and nothing that is asked for within the next second
   * is kept.
   */
  override invalidateAll(): void {
    super.invalidateAll();
    this.#distrust.note(systemClock.now());
  }

  /** The log ends at `end`, but later positions were believed: see {@link NearCache.setBackTo}. */
  override setBackTo(end: Lsn): void {
    this.#times.clear();
    super.setBackTo(end);
    this.#distrust.note(systemClock.now());
  }

  /** From now on nothing is kept whose position `accepts` does not believe. */
  checkPositions(accepts: (lsn: Lsn) => boolean): void {
    this.#accepts = accepts;
  }

  /** {@link NearCache.set}; `false` also when another process gave a position with it that is not believed. */
  override set(key: string, kept: NearAnswer, ticket: Ticket): boolean {
    return (kept.position === undefined || this.#accepts(kept.position)) && super.set(key, kept, ticket);
  }

  override invalidate(tags: readonly string[], lsn: Lsn): void {
    this.#times.note(tags, lsn, systemClock.now());
    super.invalidate(tags, lsn);
  }

  override lastGood(key: string, nowMs: number): LastGood<NearAnswer> | undefined {
    const last = super.lastGood(key, nowMs);
    if (last === undefined) return undefined;
    const { entry: kept } = last;
    const distrustedMs = this.#distrust.distrustedSince(kept);
    const outdated = last.invalidated || distrustedMs !== undefined;
    const writtenMs = last.invalidated ? this.#times.firstMissedBy(kept) : undefined;
    const outdatedAtMs = Math.min(writtenMs ?? Infinity, distrustedMs ?? Infinity);
    return freshnessOf({ hit: true, entry: kept, invalidated: outdated }, nowMs, outdatedAtMs) === 'gone' ? undefined : { entry: kept, invalidated: outdated };
  }

  override begin(): Ticket {
    return this.#distrust.isOver(systemClock.now()) ? super.begin() : UNTRUSTED;
  }

  /** `answer` with what it is served and kept with; one that must not be kept has ended already. */
  ready(answer: Answer, after: Lsn | undefined, reads: ReadCell): NearAnswer {
    const nowMs = systemClock.now();
    const ended = { answer, expiresAtMs: nowMs, graceUntilMs: nowMs, position: after };
    const kept = entryOf(answer, after, nowMs, this.graceMs) ?? ended;
    return { ...kept, head: answerHeaders(answer), reads, route: undefined };
  }
}
