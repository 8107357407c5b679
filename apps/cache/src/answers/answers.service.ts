import type { OnModuleInit } from '@nestjs/common';
import type { Bus } from '@mystocks/bus';
import {
  entriesDropped,
  type Answer,
  type CacheEntries,
  type CacheStatus,
  type DroppedAnswers,
  type ReadAnswerRequest,
} from '@mystocks/contracts';
import { authorize, type Caller } from '@mystocks/identity';
import type { Lsn } from '@mystocks/kernel';
import { currentContext } from '@mystocks/telemetry';
import {
  answerKey,
  canonicalJson,
  SecondReads,
  type CachedRead,
  type FetchedAnswer,
  type SecondReadsOptions,
  type Tier,
} from '@mystocks/tiered-cache';
import { randomUUID } from 'node:crypto';
import { questionOf } from './readable-calls.js';

/** Answers the calls of other services through the second tier, to callers whom those calls allow. */
export class AnswersService implements OnModuleInit {
  /** Distinguishes the drops of this process from those of others. */
  readonly #id = randomUUID();
  readonly #reads: SecondReads;

  constructor(
    private readonly bus: Pick<Bus, 'call' | 'publish' | 'subscribe' | 'onConnectionChange' | 'isSilent'>,
    private readonly tier: Tier,
    options: SecondReadsOptions = {},
  ) {
    this.#reads = new SecondReads(bus, tier, options);
  }

  onModuleInit(): void {
    this.#reads.follow(this.#id);
  }

  /** The answer to `request`, from the tier or from the service that owns the call. */
  async read(request: ReadAnswerRequest, caller: Caller | undefined): Promise<Answer> {
    const read = readOf(request, caller, currentContext()?.readAfter);
    if (request.announced !== undefined) this.#reads.learn(request.announced);
    return this.#reads.read(read);
  }

  /** {@link SecondReads.fetchToStore} */
  async fetchToStore(request: ReadAnswerRequest, caller: Caller | undefined): Promise<FetchedAnswer | undefined> {
    return this.#reads.fetchToStore(readOf(request, caller, undefined));
  }

  /** {@link SecondReads.storeMany} */
  storeMany(fetched: readonly FetchedAnswer[]): Promise<boolean[]> {
    return this.#reads.storeMany(fetched);
  }

  /** Drops answers in both tiers of the whole system; reads that are running bring none back. */
  async drop(entries: CacheEntries): Promise<DroppedAnswers> {
    const dropped = await this.#reads.drop(entries);
    // Only now: a first tier that reads again after this event must not find the dropped entries here.
    this.bus.publish(entriesDropped, { ...entries, by: this.#id });
    return { dropped };
  }

  /** {@link SecondReads.onHit} */
  onHit(listener: (key: string) => void): void {
    this.#reads.onHit(listener);
  }

  status(): CacheStatus {
    const { hits, misses, originCalls } = this.#reads.counts;
    return { l2: this.tier.kind, l2_connected: this.tier.serving, hits, misses, origin_calls: originCalls };
  }
}

/** Checks the request, and that the caller may make the call: on a hit, and when it shares a read, its owner is not asked. */
function readOf(
  { subject, request: text }: ReadAnswerRequest,
  caller: Caller | undefined,
  readAfter: Lsn | undefined,
): CachedRead {
  const { call, request } = questionOf(subject, text);
  authorize(call.allow, caller);
  return { key: answerKey(call.subject, canonicalJson(request)), call, request, readAfter };
}
