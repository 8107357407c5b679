import type { Answer, Call } from '@mystocks/contracts';
import { systemClock, type Lsn } from '@mystocks/kernel';
import { keptOf, NearCache, type Kept } from '@mystocks/tiered-cache';
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

/** The first cache tier of this process. */
export class NearAnswers extends NearCache<NearAnswer> {
  /** `graceMs`: how long after it was fresh an answer may stand in for an owner that cannot be asked. */
  constructor(private readonly graceMs: number) {
    super();
  }

  /** `answer` with what it is served and kept with; one that must not be kept has ended already. */
  ready(answer: Answer, after: Lsn | undefined, reads: ReadCell): NearAnswer {
    const nowMs = systemClock.now();
    const ended = { answer, expiresAtMs: nowMs, graceUntilMs: nowMs, after };
    const kept = keptOf(answer, after, nowMs, this.graceMs) ?? ended;
    return { ...kept, head: answerHeaders(answer), reads, route: undefined };
  }
}
