import type { Bus } from '@mystocks/bus';
import type { Answer } from '@mystocks/contracts';
import { laterLsn, type Clock, type Lsn } from '@mystocks/kernel';
import { metrics, readingAfter } from '@mystocks/telemetry';
import { keptOf, type Kept } from '@mystocks/tiered-cache';
import type { KnownWrites } from './known-writes.js';
import type { Question } from './readable-calls.js';

/** An answer that its owner just gave. */
export interface Given {
  readonly answer: Answer;
  /** The newest announced position when it was asked for: it shows every write up to there. */
  readonly after: Lsn | undefined;
  /** What a tier would keep of it; undefined when its owner forbids that, or what was asked for then is not trusted. */
  readonly kept: Kept | undefined;
  /** What the news were like when it was asked for. */
  readonly generation: number;
}

/** Asks the services that own the answers, and counts each time that it does. */
export class Owners {
  #calls = 0;

  constructor(
    private readonly parts: {
      readonly bus: Pick<Bus, 'call'>;
      readonly writes: KnownWrites;
      readonly clock: Clock;
      /** How long after it was fresh an answer may stand in for its owner. */
      readonly graceMs: number;
    },
  ) {}

  /** Questions asked since this process started. */
  get calls(): number {
    return this.#calls;
  }

  /**
   * The answer, with every write that is announced and everything up to `readAfter` in it.
   * @throws {Failure} what the owner refuses it with, or that the owner cannot be asked
   */
  async ask(question: Question, readAfter: Lsn | undefined): Promise<Given> {
    const { bus, writes, clock, graceMs } = this.parts;
    const { generation, latest: after, areWhole } = writes;
    metrics.cacheOriginCalls.cell(question.call.subject).count += 1;
    this.#calls += 1;
    const { call, request } = question;
    const answer = await readingAfter(laterLsn(readAfter, after), () => bus.call(call, request));
    // Never after `readAfter`: a position that a client made up would hold this answer against all writes to come.
    const kept = areWhole ? keptOf(answer, after, clock.now(), graceMs) : undefined;
    return { answer, after, generation, kept };
  }
}
