import { Injectable } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import { Failure, ownerOf, readAnswer, type Answer, type Call } from '@mystocks/contracts';
import type { Lsn } from '@mystocks/kernel';
import { metrics, readingAfter } from '@mystocks/telemetry';

const CACHE = ownerOf(readAnswer);

/** What is asked, in both of its forms. */
interface Question {
  readonly call: Call<object, Answer>;
  readonly request: object;
  /** The request as canonical JSON. */
  readonly canonical: string;
}

/**
 * Fetches answers that this process does not have: from the cache service, which asks their owners, or from the owners
 * themselves while the cache service is away. So no read ever depends on a cache.
 *
 * `cache_origin_calls_total` counts the requests that this class sends to owners; the cache service counts its own.
 */
@Injectable()
export class AnswerSource {
  /** Reads that wait for the cache service, and those that wait for an owner. Calling an element ends its wait. */
  readonly #atCache = new Set<() => void>();
  readonly #atOwner = new Set<() => void>();

  constructor(private readonly bus: Bus) {
    // A frozen cache service neither answers nor refuses: without this every read would wait until its deadline.
    bus.onSilence(CACHE, (silent) => {
      if (silent) abortAll(this.#atCache);
    });
    // A frozen NATS does the same, and the owners are reached through it, too.
    bus.onStall((stalled) => {
      if (stalled) for (const waiting of [this.#atCache, this.#atOwner]) abortAll(waiting);
    });
  }

  /**
   * Whether no instance of the cache service nor of the owner of `call` has sent a heartbeat lately, or the bus itself carries
   * nothing: a request would only time out.
   */
  isCutOff(call: Call): boolean {
    return this.bus.isStalled || (this.bus.isSilent(CACHE) && this.bus.isSilent(ownerOf(call)));
  }

  /**
   * The answer to the question. The cache service is only asked for what the caller itself must see, because it receives
   * the events of writes, too: a position that grows with every write of the market would fit none of its entries. An owner
   * is asked for every write up to `known`, the newest position that an event has named here.
   * @throws {Failure} what the owner said, or that it cannot be asked; at once when the bus carries nothing
   */
  async ask({ call, request, canonical }: Question, known: Lsn | undefined): Promise<Answer> {
    const bypassesCache = this.bus.isStalled || this.bus.isSilent(CACHE);
    const answer = bypassesCache ? undefined : await this.#askCache(call.subject, canonical, known);
    if (answer !== undefined) return answer;
    if (this.bus.isStalled) throw unreachable();
    metrics.cacheOriginCalls.cell(call.subject).count += 1;
    const asking = readingAfter(known, () => this.bus.call(call, request));
    const given = await unlessAborted(this.#atOwner, asking);
    if (given === undefined) throw unreachable();
    return known === undefined ? given : { ...given, after: known };
  }

  /** Undefined when the cache service is away, or becomes silent before it has answered. */
  async #askCache(subject: string, request: string, announced: Lsn | undefined): Promise<Answer | undefined> {
    try {
      const asked = { subject, request, ...(announced !== undefined && { announced }) };
      return await unlessAborted(this.#atCache, this.bus.call(readAnswer, asked));
    } catch (error) {
      // A named problem is a refusal of the owner that the cache service passed on: asking again would add to its load.
      if (error instanceof Failure && error.code === 'unavailable' && error.problem === undefined) return undefined;
      throw error;
    }
  }
}

function unreachable(): Failure {
  return new Failure('unavailable', 'The owner of this answer cannot be reached; try again');
}

function abortAll(waiting: ReadonlySet<() => void>): void {
  for (const abort of waiting) abort();
}

/** Resolves with `asking`, or with undefined when the wait is aborted. */
async function unlessAborted<T>(waiting: Set<() => void>, asking: Promise<T>): Promise<T | undefined> {
  let abort = (): void => undefined;
  const aborted = new Promise<undefined>((resolve) => {
    abort = () => {
      resolve(undefined);
    };
  });
  waiting.add(abort);
  try {
    return await Promise.race([asking, aborted]);
  } finally {
    waiting.delete(abort);
  }
}
