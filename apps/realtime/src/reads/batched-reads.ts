import { Failure } from '@mystocks/contracts';
import { currentContext, newContext, withContext, type RequestContext } from '@mystocks/telemetry';
import { toFailure } from '../failures/socket-error.js';
import { FairQueue } from './fair-queue.js';

/** A key that no read was started for after so long is not read any more. */
const WAIT_MAX_MS = 10_000;
/** Deadline of a read. */
const READ_MAX_MS = 5_000;

/** A subscriber for whom something is read, with its own token. */
export interface Reader {
  readonly token: string;
  readonly caller: { readonly id: string; readonly expiresAtMs: number };
}

export interface BatchLimits {
  /** Keys of one read. */
  readonly keysMax: number;
  /** Reads that run at the same time. */
  readonly atOnce: number;
  /** Keys that wait at the same time; beyond that requests are refused. */
  readonly waitingMax: number;
  /** Pause after each read, as a multiple of the time that the read took; none where absent. */
  readonly pause?: number;
}

/** A key that no read was started for yet. */
interface WaitingKey<T> {
  /** Of those who wait for it, the one whose token is valid longest. */
  reader: Reader;
  readonly context: RequestContext;
  readonly sinceMs: number;
  readonly result: Promise<T | Failure>;
  readonly resolve: (result: T | Failure) => void;
}

/**
 * Reads values by key, many keys with one call, and a limited number of calls at the same time. Requests for a key share the
 * read that will be started for it next. A read that already runs is never shared: it may have seen the store as it was before
 * the request, and a subscriber would miss what happened between. Users take turns: one that requests many keys does not
 * delay another that requests few.
 */
export class BatchedReads<T> {
  readonly #waiting: FairQueue<WaitingKey<T>>;
  #running = 0;
  #isScheduled = false;

  constructor(
    private readonly limits: BatchLimits,
    private readonly read: (keys: readonly string[]) => Promise<ReadonlyMap<string, T | Failure>>,
  ) {
    this.#waiting = new FairQueue(limits.keysMax);
  }

  /** The value of each key, or why there is none. The reads carry the token of a reader that waits for them. */
  async get(keys: Iterable<string>, reader: Reader): Promise<Map<string, T | Failure>> {
    const requested = [...new Set(keys)].map((key) => [key, this.#request(key, reader)] as const);
    const results = new Map<string, T | Failure>();
    for (const [key, result] of requested) results.set(key, await result);
    return results;
  }

  #request(key: string, reader: Reader): Promise<T | Failure> {
    const { id } = reader.caller;
    const known = this.#waiting.join(key, id);
    if (known !== undefined) {
      if (reader.caller.expiresAtMs > known.reader.caller.expiresAtMs) known.reader = reader;
      return known.result;
    }
    if (this.#waiting.size >= this.limits.waitingMax) {
      return Promise.resolve(new Failure('unavailable', 'Too many reads are waiting; try again', { retryAfterS: 1 }));
    }
    let resolve: (result: T | Failure) => void = () => undefined;
    const result = new Promise<T | Failure>((settle) => {
      resolve = settle;
    });
    const context = currentContext() ?? newContext();
    this.#waiting.add(key, { reader, context, sinceMs: Date.now(), result, resolve }, id);
    this.#schedule();
    return result;
  }

  /** Reads start when the caller has named all its keys. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    void Promise.resolve().then(() => {
      this.#isScheduled = false;
      while (this.#running < this.limits.atOnce && this.#waiting.size > 0) void this.#start();
    });
  }

  async #start(): Promise<void> {
    this.#running += 1;
    const startedAt = performance.now();
    const batch = this.#nextBatch();
    try {
      const found = batch.size === 0 ? undefined : await this.#run(batch);
      const absent = new Failure('unavailable', 'The answer of market-data does not contain this', { retryAfterS: 1 });
      for (const [key, { resolve }] of batch) resolve(found?.get(key) ?? absent);
    } catch (error) {
      const failure = toFailure(error);
      for (const { resolve } of batch.values()) resolve(failure);
    } finally {
      this.#pause((this.limits.pause ?? 0) * (performance.now() - startedAt));
    }
  }

  #pause(ms: number): void {
    const next = (): void => {
      this.#running -= 1;
      this.#schedule();
    };
    if (ms > 0) setTimeout(next, ms).unref();
    else next();
  }

  /** Takes the next keys out of the queue; those that have waited too long are not read. */
  #nextBatch(): Map<string, WaitingKey<T>> {
    const batch = new Map<string, WaitingKey<T>>();
    const nowMs = Date.now();
    for (const [key, one] of this.#waiting.take(this.limits.keysMax)) {
      if (nowMs - one.sinceMs <= WAIT_MAX_MS) batch.set(key, one);
      else one.resolve(new Failure('timeout', 'The read did not start in time; try again', { retryAfterS: 1 }));
    }
    return batch;
  }

  #run(batch: ReadonlyMap<string, WaitingKey<T>>): Promise<ReadonlyMap<string, T | Failure>> {
    const all = [...batch.values()];
    const { reader } = all.reduce((a, b) => (b.reader.caller.expiresAtMs > a.reader.caller.expiresAtMs ? b : a));
    const { requestId, traceparent } = all[0]?.context ?? newContext();
    const context = { requestId, traceparent, token: reader.token, deadlineMs: Date.now() + READ_MAX_MS };
    return withContext(context, () => this.read([...batch.keys()]));
  }
}
