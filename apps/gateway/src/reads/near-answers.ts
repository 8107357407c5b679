import type { Answer, Call } from '@mystocks/contracts';
import { systemClock, type Lsn } from '@mystocks/kernel';
import {
  freshnessOf,
  keptOf,
  NearCache,
  WriteTimes,
  type Kept,
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
export interface NearAnswer extends Kept {
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
  readonly #times = new WriteTimes();
  #trustedFromMs = 0;

  /** `graceMs`: how long after it was fresh an answer may stand in for an owner that cannot be asked. */
  constructor(private readonly graceMs: number) {
    super();
  }

  /** News may have been missed: nothing from before is kept, nor anything that is asked for within the next second. */
  startOver(): void {
    this.clear();
    this.#trustedFromMs = systemClock.now() + SETTLE_MS;
  }

  override invalidate(tags: readonly string[], lsn: Lsn): void {
    this.#times.note(tags, systemClock.now());
    super.invalidate(tags, lsn);
  }

  override lastGood(key: string, nowMs: number): LastGood<NearAnswer> | undefined {
    const last = super.lastGood(key, nowMs);
    if (last?.outdated !== true) return last;
    const writtenAtMs = this.#times.lastOf(last.kept.answer.tags);
    return freshnessOf({ hit: true, ...last }, nowMs, writtenAtMs) === 'gone' ? undefined : last;
  }

  override begin(): Ticket {
    return systemClock.now() < this.#trustedFromMs ? UNTRUSTED : super.begin();
  }

  /** `answer` with what it is served and kept with; one that must not be kept has ended already. */
  ready(answer: Answer, after: Lsn | undefined, reads: ReadCell): NearAnswer {
    const nowMs = systemClock.now();
    const ended = { answer, expiresAtMs: nowMs, graceUntilMs: nowMs, after };
    const kept = keptOf(answer, after, nowMs, this.graceMs) ?? ended;
    return { ...kept, head: answerHeaders(answer), reads, route: undefined };
  }
}
