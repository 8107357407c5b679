import { Injectable } from '@nestjs/common';
import { Failure, type Answer, type CacheState, type Call, type FailureCode } from '@mystocks/contracts';
import { compareLsn, laterLsn, SingleFlight, systemClock, type Lsn } from '@mystocks/kernel';
import { currentContext, inBackground, log, metrics, readingAfter } from '@mystocks/telemetry';
import {
  answerKey,
  canonicalJson,
  freshnessOf,
  mayUseLastGood,
  staleOf,
  type LastGood,
  type Ticket,
} from '@mystocks/tiered-cache';
import { AccessesService } from '../accesses/accesses.service.js';
import { AnswerSource, type Asked } from './answer-source.js';
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

/** One question, as it is asked and kept. */
interface Wanted<Request extends object> extends Asked<Request> {
  readonly key: string;
  readonly view: View | undefined;
}

/**
 * Reads through both cache tiers: this process, then the cache service, which asks the owner ({@link AnswerSource}).
 *
 * What is counted: every read is one hit of `l1` (here or by the hot path) or one miss, never both. A miss that is
 * answered here with a stale answer counts once in `cache_stale_total{layer="l1"}` too; a stale answer of the cache
 * service counts there.
 */
@Injectable()
export class ReadsService {
  readonly #flights = new SingleFlight<Answer>();

  constructor(
    private readonly source: AnswerSource,
    private readonly near: NearAnswers,
    private readonly accesses: AccessesService,
  ) {}

  /** The answer of `call` to `request`, from the nearest tier that may give it. */
  async read<Request extends object>(call: ReadCall<Request>, request: Request, view?: View): Promise<Read> {
    const canonical = canonicalJson(request);
    const plainKey = answerKey(call.subject, canonical);
    const key = view === undefined ? plainKey : `${plainKey}|${view.name}`;
    const read = await this.#read({ call, request, canonical, key, view });
    read.near.reads.add();
    return read;
  }

  async #read<Request extends object>(wanted: Wanted<Request>): Promise<Read> {
    const { key, call } = wanted;
    const readAfter = currentContext()?.readAfter;
    const nowMs = systemClock.now();
    const near = this.near.get(key, nowMs, readAfter);
    if (near !== undefined) return { near, key, cache: 'l1-hit' };
    const last = this.#lastGood(key, readAfter);
    if (last !== undefined && freshnessOf({ hit: true, ...last }, nowMs) === 'revalidate') {
      this.#refresh(wanted);
      return this.#stale(key, last, 'revalidate');
    }
    if (last !== undefined && this.source.isCutOff(call)) return this.#stale(key, last, 'error');
    try {
      return await this.#fetch(wanted);
    } catch (error) {
      // Looked up anew: it may have been dropped for good meanwhile.
      const good = mayUseLastGood(error) ? this.#lastGood(key, readAfter) : undefined;
      if (good === undefined) throw error;
      return this.#stale(key, good, 'error');
    }
  }

  async #fetch<Request extends object>(wanted: Wanted<Request>): Promise<Read> {
    const { key, view } = wanted;
    const ticket = this.near.begin();
    const answer = await this.#current(wanted, ticket);
    const shown = view === undefined ? answer : view.map(answer);
    // Never a position that only a client named: a made-up one would hold this answer against all writes to come.
    const near = this.near.ready(shown, answer.after, this.accesses.cellOf(shown.tags));
    if (shown.ttl_ms > 0) this.near.set(key, near, ticket);
    return { near, key, cache: answer.cache ?? 'miss' };
  }

  /**
   * An answer that shows every write this process has heard of. The cache service may hear of one a moment later: then it
   * is asked once more, for that.
   */
  async #current<Request extends object>(wanted: Wanted<Request>, ticket: Ticket): Promise<Answer> {
    const announced = this.near.latestLsn;
    const answer = await this.#ask(wanted, String(ticket), () => this.source.ask(wanted, announced));
    if (answer.cache === 'stale' || this.near.showsAll(answer.tags, answer.after)) return answer;
    const latest = this.near.latestLsn;
    const again = (): Promise<Answer> => readingAfter(latest, () => this.source.ask(wanted, latest));
    const shown = await this.#ask(wanted, `${latest ?? ''} ${ticket} again`, again);
    const after = laterLsn(shown.after, latest);
    return after === undefined ? shown : { ...shown, after };
  }

  #ask<Request extends object>(wanted: Wanted<Request>, when: string, ask: () => Promise<Answer>): Promise<Answer> {
    const context = currentContext();
    // Alone: a caller with its own deadline, whose haste is not the others', or with its own write to see.
    const isAlone = context?.deadlineMs !== undefined || context?.readAfter !== undefined;
    return isAlone ? ask() : this.#askOnce(`${wanted.call.subject} ${when} ${wanted.canonical}`, ask);
  }

  /** Many callers, one question. Who joined and hears that the first one's token was refused asks with its own. */
  async #askOnce(flight: string, ask: () => Promise<Answer>): Promise<Answer> {
    let isFirst = false;
    try {
      return await this.#flights.run(flight, () => {
        isFirst = true;
        return ask();
      });
    } catch (error) {
      if (isFirst || !(error instanceof Failure) || !PERSONAL.includes(error.code)) throw error;
      return ask();
    }
  }

  /** What may stand in for an owner that cannot be asked, to a caller that must see `readAfter`. */
  #lastGood(key: string, readAfter: Lsn | undefined): LastGood<NearAnswer> | undefined {
    const last = this.near.lastGood(key, systemClock.now());
    if (last === undefined || readAfter === undefined) return last;
    const { position: after } = last.entry;
    return after !== undefined && compareLsn(after, readAfter) >= 0 ? last : undefined;
  }

  #stale(key: string, { entry: kept }: LastGood<NearAnswer>, reason: 'revalidate' | 'error'): Read {
    metrics.cacheStale.cell('l1', reason).count += 1;
    return { near: this.near.ready(staleOf(kept.answer), kept.position, kept.reads), key, cache: 'stale' };
  }

  /** Asks again for a caller who has its answer already: its deadline and its position are not the next one's. */
  #refresh<Request extends object>(wanted: Wanted<Request>): void {
    inBackground(() => this.#fetch(wanted)).catch((error: unknown) => {
      log.debug({ err: error, subject: wanted.call.subject }, 'an answer could not be refreshed');
    });
  }
}
