import { Injectable } from '@nestjs/common';
import type { Answer, CacheState, Call } from '@mystocks/contracts';
import { laterLsn, systemClock } from '@mystocks/kernel';
import { currentContext, readingAfter } from '@mystocks/telemetry';
import {
  answerKey,
  canonicalJson,
  ReadThrough,
  SharedReads,
  staleOf,
  type CachedRead,
  type Ticket,
} from '@mystocks/tiered-cache';
import { AccessesService } from '../accesses/accesses.service.js';
import { AnswerSource } from './answer-source.js';
import { NearAnswers, type NearAnswer } from './near-answers.js';

export type ReadCall<Request extends object> = Call<Request, Answer>;

/** Another form of an answer, cached beside it. */
export interface View {
  readonly name: string;
  readonly map: (answer: Answer) => Answer;
}

export interface Read {
  readonly near: NearAnswer;
  readonly key: string;
  readonly cache: CacheState;
}

/** One read of this tier. */
interface NearRead extends CachedRead {
  /** The request as canonical JSON. */
  readonly canonical: string;
  readonly view: View | undefined;
}

/**
 * Reads through both tiers: the entries of this process, then the cache service, which asks the owner
 * ({@link AnswerSource}). {@link ReadThrough} is the algorithm.
 *
 * What is counted: every read is one hit of `l1` (here or by the hot path) or one miss, never both. A miss that is
 * answered here with a stale answer also counts once in `cache_stale_total{layer="l1"}`; a stale answer of the cache
 * service counts there.
 */
@Injectable()
export class ReadsService {
  readonly #shared = new SharedReads<Answer>();
  readonly #readThrough: ReadThrough<NearRead, NearAnswer, Read>;

  constructor(
    private readonly source: AnswerSource,
    private readonly near: NearAnswers,
    private readonly accesses: AccessesService,
  ) {
    this.#readThrough = new ReadThrough({
      layer: 'l1',
      find: ({ key, readAfter }) => near.find(key, systemClock.now(), readAfter),
      findAgain: ({ key, readAfter }) => near.findStale(key, systemClock.now(), readAfter),
      isCutOff: ({ call }) => source.isCutOff(call),
      fetch: (read) => this.#fetch(read),
      answer: ({ key }, entry, cache) => ({ near: cache === 'stale' ? this.#stale(entry) : entry, key, cache }),
    });
  }

  /** The answer of `call` to `request`, from the nearest tier that may give it. */
  async read<Request extends object>(call: ReadCall<Request>, request: Request, view?: View): Promise<Read> {
    const canonical = canonicalJson(request);
    const plainKey = answerKey(call.subject, canonical);
    const key = view === undefined ? plainKey : `${plainKey}|${view.name}`;
    const readAfter = currentContext()?.readAfter;
    const read = await this.#readThrough.read({ call, request, canonical, key, view, readAfter });
    read.near.reads.add();
    return read;
  }

  async #fetch(read: NearRead): Promise<Read> {
    const { key, view } = read;
    const ticket = this.near.begin();
    const answer = await this.#current(read, ticket);
    const shown = view === undefined ? answer : view.map(answer);
    // Never the position that only a client named: a made-up one would protect this entry from all writes to come.
    const near = this.near.ready(shown, answer.after, this.accesses.cellOf(shown.tags));
    if (shown.ttl_ms > 0) this.near.set(key, near, ticket);
    return { near, key, cache: answer.cache ?? 'miss' };
  }

  /**
   * An answer that shows every write whose event has reached this process. The cache service may receive an event a moment
   * later: then it is asked once more, for that position.
   */
  async #current(read: NearRead, ticket: Ticket): Promise<Answer> {
    const known = this.near.latestLsn;
    const answer = await this.#ask(read, String(ticket), () => this.source.ask(read, known));
    if (answer.cache === 'stale' || this.near.showsAll(answer.tags, answer.after)) return answer;
    const latest = this.near.latestLsn;
    const again = (): Promise<Answer> => readingAfter(latest, () => this.source.ask(read, latest));
    const shown = await this.#ask(read, `${latest ?? ''} ${ticket} again`, again);
    const after = laterLsn(shown.after, latest);
    return after === undefined ? shown : { ...shown, after };
  }

  /**
   * Shares one request among all readers of the same answer. A reader with its own deadline, or with its own write to see,
   * asks alone: neither applies to the others.
   */
  #ask({ call, canonical }: NearRead, when: string, ask: () => Promise<Answer>): Promise<Answer> {
    const context = currentContext();
    const isAlone = context?.deadlineMs !== undefined || context?.readAfter !== undefined;
    return isAlone ? ask() : this.#shared.run({ key: `${call.subject} ${when} ${canonical}` }, ask);
  }

  #stale({ answer, position, reads }: NearAnswer): NearAnswer {
    return this.near.ready(staleOf(answer), position, reads);
  }
}
