import type { OnModuleInit } from '@nestjs/common';
import type { Bus } from '@mystocks/bus';
import {
  barsChanged,
  instrumentsChanged,
  quoteChanged,
  type Answer,
  type CacheStatus,
  type ReadAnswerRequest,
} from '@mystocks/contracts';
import { authorize, type Caller } from '@mystocks/identity';
import { laterLsn, systemClock, type Clock, type Lsn } from '@mystocks/kernel';
import { currentContext, metrics, withContext } from '@mystocks/telemetry';
import { answerKey, canonicalJson, Fences, keptOf, type Kept, type Tier } from '@mystocks/tiered-cache';
import { DroppedTags } from './dropped-tags.js';
import { Flights } from './flights.js';
import { questionOf, type Question } from './readable-calls.js';

export interface AnswersOptions {
  readonly clock?: Clock;
  /**
   * How long nothing is kept after news may have been missed, ms. A replica may be behind news that never came; one
   * that is more than a second behind is not read from (DESIGN.md §7).
   */
  readonly settleMs?: number;
}

/** An answer that its owner just gave. */
export interface Fresh {
  readonly key: string;
  readonly answer: Answer;
  /** What a tier would keep of it; undefined when its owner forbids that. */
  readonly kept: Kept | undefined;
  /** What the news were like when it was asked for. */
  readonly generation: number;
}

/** Reads answers of other services through the second tier, and never holds a read up because of it. */
export class AnswersService implements OnModuleInit {
  readonly #fences = new Fences();
  readonly #flights = new Flights();
  readonly #dropped: DroppedTags;
  readonly #clock: Clock;
  readonly #settleMs: number;
  readonly #hits = metrics.cacheHits.cell('l2');
  readonly #misses = metrics.cacheMisses.cell('l2');
  #originCalls = 0;
  #generation = 0;
  #keepsFromMs = 0;

  constructor(
    private readonly bus: Pick<Bus, 'call' | 'subscribe' | 'onConnectionChange'>,
    private readonly tier: Tier,
    options: AnswersOptions = {},
  ) {
    this.#clock = options.clock ?? systemClock;
    this.#settleMs = options.settleMs ?? 1_000;
    this.#dropped = new DroppedTags(tier);
  }

  /** Listens for writes. What the tier holds from before may be old: nobody listened then. */
  onModuleInit(): void {
    this.bus.subscribe(quoteChanged, ({ quote: { symbol }, lsn }) => {
      this.#written([symbol], lsn);
    });
    this.bus.subscribe(barsChanged, ({ symbol, lsn }) => {
      this.#written([symbol], lsn);
    });
    this.bus.subscribe(instrumentsChanged, ({ lsn }) => {
      this.#written(['instruments'], lsn);
    });
    this.bus.onConnectionChange(() => {
      this.#startOver();
    });
    this.#startOver();
  }

  /** The answer to `request`, from the tier or from the service that owns the call. */
  async read(request: ReadAnswerRequest, caller: Caller | undefined): Promise<Answer> {
    const question = questionOf(request.subject, request.request);
    authorize(question.call.allow, caller);
    const key = answerKey(question.call.subject, canonicalJson(question.request));
    const readAfter = currentContext()?.readAfter;
    const found = await this.tier.get(key);
    if (found.hit && this.#maySend(found.kept, readAfter)) {
      this.#hits.count += 1;
      const ttl_ms = Math.max(0, Math.floor(found.kept.expiresAtMs - this.#clock.now()));
      return { ...found.kept.answer, ttl_ms, cache: 'l2-hit' };
    }
    this.#misses.count += 1;
    const known = this.#fences.latest;
    const after = laterLsn(readAfter, known);
    // A position nobody announced is a client's word: it may be made up, so nobody else's answer may rest on it.
    if (after !== known) return this.#readOwner(key, question, after, known);
    return this.#flights.run(key, known, () => this.#readOwner(key, question, known, known));
  }

  /** A fresh answer of the owner, to be kept; undefined when the tier has a good one or the owner forbids keeping. */
  async fetchToKeep(request: ReadAnswerRequest, caller: Caller | undefined): Promise<Fresh | undefined> {
    const question = questionOf(request.subject, request.request);
    authorize(question.call.allow, caller);
    const key = answerKey(question.call.subject, canonicalJson(question.request));
    const found = await this.tier.get(key);
    if (found.hit && this.#maySend(found.kept, undefined)) return undefined;
    const known = this.#fences.latest;
    const fresh = await this.#fetch(key, question, known, known);
    return fresh.kept === undefined ? undefined : fresh;
  }

  /** Keeps together what still shows every write that is known; says of each whether it is kept. */
  async keepMany(fresh: readonly Fresh[]): Promise<boolean[]> {
    const sure = fresh.flatMap((one, index) =>
      one.kept !== undefined && this.#isSure(one) ? [{ index, key: one.key, kept: one.kept }] : [],
    );
    const done = await this.tier.setMany(sure);
    const kept = new Set(sure.filter((_, place) => done[place] === true).map(({ index }) => index));
    return fresh.map((_, index) => kept.has(index));
  }

  status(): CacheStatus {
    return {
      l2: this.tier.kind,
      l2_connected: this.tier.serving,
      hits: this.#hits.count,
      misses: this.#misses.count,
      origin_calls: this.#originCalls,
    };
  }

  #maySend({ answer, after }: Kept, readAfter: Lsn | undefined): boolean {
    return this.#fences.allows(answer.tags, after) && this.#fences.covers(readAfter, after);
  }

  async #readOwner(key: string, question: Question, after: Lsn | undefined, known: Lsn | undefined): Promise<Answer> {
    const fresh = await this.#fetch(key, question, after, known);
    if (fresh.kept !== undefined && this.#isSure(fresh)) void this.tier.set(key, fresh.kept);
    return { ...fresh.answer, cache: 'miss' };
  }

  async #fetch(
    key: string,
    { call, request }: Question,
    after: Lsn | undefined,
    known: Lsn | undefined,
  ): Promise<Fresh> {
    const generation = this.#generation;
    metrics.cacheOriginCalls.cell(call.subject).count += 1;
    this.#originCalls += 1;
    const answer = await this.#askOwner(call, request, after);
    return { key, answer, generation, kept: keptOf(answer, known, this.#clock.now()) };
  }

  /** What was under way while a write was announced, or while news may have been missed, may be old already. */
  #isSure({ generation, answer, kept }: Fresh): boolean {
    const isWhole = generation === this.#generation && this.#clock.now() >= this.#keepsFromMs;
    return isWhole && kept !== undefined && this.#fences.allows(answer.tags, kept.after);
  }

  #askOwner(call: Question['call'], request: object, after: Lsn | undefined): Promise<Answer> {
    const context = currentContext();
    if (context === undefined || after === undefined) return this.bus.call(call, request);
    return withContext({ ...context, readAfter: after }, () => this.bus.call(call, request));
  }

  #written(tags: readonly string[], lsn: Lsn): void {
    this.#fences.raise(tags, lsn);
    this.#dropped.add(tags);
  }

  #startOver(): void {
    this.#generation += 1;
    this.#keepsFromMs = this.#clock.now() + this.#settleMs;
    this.#flights.forget();
    void this.tier.clear();
  }
}
