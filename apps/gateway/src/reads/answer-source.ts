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
 * Where answers come from that this process does not have: the cache service, which asks their owners, or the owners
 * themselves while the cache service is away. So a cache is never something a read cannot do without.
 *
 * Counts in `cache_origin_calls_total` what it asks owners itself; the cache service counts its own questions.
 */
@Injectable()
export class AnswerSource {
  /** Reads that wait for the cache service, and those that wait for an owner: each can be told to wait no longer. */
  readonly #atCache = new Set<() => void>();
  readonly #atOwner = new Set<() => void>();

  constructor(private readonly bus: Bus) {
    // A frozen cache service answers nothing and refuses nothing: without this every read would wait for its deadline.
    bus.onSilence(CACHE, (silent) => {
      if (silent) leaveAll(this.#atCache);
    });
    // Nor does a frozen NATS, and the way to the owners is the same.
    bus.onDeafness((deaf) => {
      if (deaf) for (const waiting of [this.#atCache, this.#atOwner]) leaveAll(waiting);
    });
  }

  /**
   * Neither the cache service nor the owner of `call` was heard lately, or nobody can be: asking would only cost the
   * deadline.
   */
  isCutOff(call: Call): boolean {
    return this.bus.isDeaf || (this.bus.isSilent(CACHE) && this.bus.isSilent(ownerOf(call)));
  }

  /**
   * The answer to `request`, `canonical` as canonical JSON. Of the cache service it is asked for no more than the caller
   * must see, for that hears the news itself: a position that grows with every write of the market would fit nothing it
   * keeps. An owner is asked for all that is `announced`.
   * @throws {Failure} what the owner says, or that nobody does; at once when this process is deaf
   */
  async ask({ call, request, canonical }: Question, announced: Lsn | undefined): Promise<Answer> {
    const goRound = this.bus.isDeaf || this.bus.isSilent(CACHE);
    const answer = goRound ? undefined : await this.#askCache(call.subject, canonical, announced);
    if (answer !== undefined) return answer;
    if (this.bus.isDeaf) throw unheard();
    metrics.cacheOriginCalls.cell(call.subject).count += 1;
    const asking = readingAfter(announced, () => this.bus.call(call, request));
    const given = await unlessTold(this.#atOwner, asking);
    if (given === undefined) throw unheard();
    return announced === undefined ? given : { ...given, after: announced };
  }

  /** Undefined when the cache service is away, or falls silent before it has answered. */
  async #askCache(subject: string, request: string, announced: Lsn | undefined): Promise<Answer | undefined> {
    try {
      const asked = { subject, request, ...(announced !== undefined && { announced }) };
      return await unlessTold(this.#atCache, this.bus.call(readAnswer, asked));
    } catch (error) {
      // A named problem is the owner's own refusal, which came through the cache service: asking it again adds to its load.
      if (error instanceof Failure && error.code === 'unavailable' && error.problem === undefined) return undefined;
      throw error;
    }
  }
}

function unheard(): Failure {
  return new Failure('unavailable', 'No service can be heard right now');
}

function leaveAll(waiting: ReadonlySet<() => void>): void {
  for (const leave of waiting) leave();
}

/** Resolves with `asking`, or with undefined when its entry in `waiting` is called first. */
async function unlessTold<T>(waiting: Set<() => void>, asking: Promise<T>): Promise<T | undefined> {
  let leave = (): void => undefined;
  const told = new Promise<undefined>((resolve) => {
    leave = () => {
      resolve(undefined);
    };
  });
  waiting.add(leave);
  try {
    return await Promise.race([asking, told]);
  } finally {
    waiting.delete(leave);
  }
}
