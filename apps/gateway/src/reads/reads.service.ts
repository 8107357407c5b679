import { Injectable } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import { Answer, Failure, readAnswer, type CacheState, type Call, type FailureCode } from '@mystocks/contracts';
import { laterLsn, SingleFlight, systemClock, type Lsn } from '@mystocks/kernel';
import { currentContext, metrics, withContext } from '@mystocks/telemetry';
import { answerKey, canonicalJson, keptOf } from '@mystocks/tiered-cache';
import { answerHeaders } from './answer-headers.js';
import { NearAnswers, type NearAnswer } from './near-answers.js';

const PERSONAL: readonly FailureCode[] = ['unauthenticated', 'forbidden'];

export type ReadCall<Request extends object> = Call<Request, Answer>;

/** Another form of an answer, kept beside it. */
export interface View {
  readonly name: string;
  readonly map: (answer: Answer) => Answer;
}

export interface Read {
  readonly near: NearAnswer;
  readonly key: string;
  readonly cache: CacheState;
}

/**
 * Reads through both cache tiers: this process, then the cache service, which asks the owner. When the cache service
 * is away the owner is asked straight, so that a cache is never something a read cannot do without.
 */
@Injectable()
export class ReadsService {
  readonly #flights = new SingleFlight<Answer>();

  constructor(
    private readonly bus: Bus,
    private readonly near: NearAnswers,
  ) {}

  /** The answer of `call` to `request`, from the nearest tier that may give it. */
  async read<Request extends object>(call: ReadCall<Request>, request: Request, view?: View): Promise<Read> {
    const canonical = canonicalJson(request);
    const plainKey = answerKey(call.subject, canonical);
    const key = view === undefined ? plainKey : `${plainKey}|${view.name}`;
    const readAfter = currentContext()?.readAfter;
    const known = this.near.get(key, systemClock.now(), readAfter);
    if (known !== undefined) return { near: known, key, cache: 'l1-hit' };

    const announced = this.near.latestLsn;
    const after = laterLsn(readAfter, announced);
    const generation = this.near.generation;
    const ask = (): Promise<Answer> => this.#askAfter(after, () => this.#fetch(call, request, canonical));
    // Alone: a caller with its own deadline, whose haste is not the others', or with a position nobody announced.
    const isAlone = currentContext()?.deadlineMs !== undefined || after !== announced;
    const answer = await (isAlone ? ask() : this.#askOnce(`${call.subject} ${after ?? ''} ${canonical}`, ask));
    const shown = view === undefined ? answer : view.map(answer);
    // Not `after`: a position that a client made up would hold this answer against all writes to come.
    const near = nearAnswer(shown, announced);
    if (shown.ttl_ms > 0) this.near.set(key, near, generation);
    return { near, key, cache: answer.cache ?? 'miss' };
  }

  /** Many callers, one question. Who joined and hears that the first one's token was refused asks with its own. */
  async #askOnce(key: string, ask: () => Promise<Answer>): Promise<Answer> {
    let isFirst = false;
    try {
      return await this.#flights.run(key, () => {
        isFirst = true;
        return ask();
      });
    } catch (error) {
      if (isFirst || !(error instanceof Failure) || !PERSONAL.includes(error.code)) throw error;
      return ask();
    }
  }

  #askAfter(after: Lsn | undefined, ask: () => Promise<Answer>): Promise<Answer> {
    const context = currentContext();
    return context === undefined || after === undefined ? ask() : withContext({ ...context, readAfter: after }, ask);
  }

  async #fetch<Request extends object>(call: ReadCall<Request>, request: Request, canonical: string): Promise<Answer> {
    try {
      return await this.bus.call(readAnswer, { subject: call.subject, request: canonical });
    } catch (error) {
      // A named problem is the owner's own refusal, which came through the cache service: asking it again adds to its load.
      if (!(error instanceof Failure) || error.code !== 'unavailable' || error.problem !== undefined) throw error;
      metrics.cacheOriginCalls.cell(call.subject).count += 1;
      return await this.bus.call(call, request);
    }
  }
}

function nearAnswer(answer: Answer, after: Lsn | undefined): NearAnswer {
  const nowMs = systemClock.now();
  const kept = keptOf(answer, after, nowMs) ?? { answer, expiresAtMs: nowMs, after };
  return { ...kept, head: answerHeaders(answer), route: undefined };
}
