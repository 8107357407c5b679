import type { Answer, CacheState, Call } from '@mystocks/contracts';
import { systemClock, type Clock, type Lsn } from '@mystocks/kernel';
import { currentContext, inBackground, log, metrics, withContext } from '@mystocks/telemetry';
import type { Entry } from './entry.js';
import type { FailedKeys } from './failed-keys.js';
import { mayUseLastGood, type Judged } from './freshness.js';

/** One read of an answer that may be cached. */
export interface CachedRead {
  readonly key: string;
  readonly call: Call<object, Answer>;
  readonly request: object;
  /** The position that the answer must show: the reader's own last write. */
  readonly readAfter: Lsn | undefined;
}

/** What a tier does itself. `Q` is its read, `E` its entry, and `R` what it answers. */
export interface ReadableTier<Q extends CachedRead, E extends Entry, R> {
  readonly layer: 'l1' | 'l2';
  /** What is cached for the read. Counts a hit or a miss. */
  readonly find: (read: Q) => Judged<E> | Promise<Judged<E>>;
  /** What is cached for the read after its fetch has failed. Counts nothing. */
  readonly findAgain: (read: Q) => Judged<E> | Promise<Judged<E>>;
  /** Whether a fetch can only fail: there is no need to wait for that while there is a last good answer. */
  readonly isCutOff: (read: Q) => boolean;
  /** Fetches the answer, shares it with other readers of the key and stores it. @throws {Failure} what the owner said */
  readonly fetch: (read: Q) => Promise<R>;
  /** The answer that `entry` gives. */
  readonly answer: (read: Q, entry: E, state: CacheState) => R;
  /** Keys that are not fetched again for a moment after they failed. Without it every read tries. */
  readonly failed?: FailedKeys;
  /** How much of the caller's time is reserved for serving the last good answer, ms. */
  readonly spareMs?: number;
}

/**
 * Reads an answer through one tier of the cache, in the same way in each:
 *
 * 1. Look the key up, and judge what the entry may be used for.
 * 2. A fresh entry is the answer.
 * 3. An entry that may be served while it is revalidated is the answer, marked stale; the key is fetched in the background.
 * 4. Otherwise fetch: one request for all readers of the key, whose answer is stored unless a write or drop overtook it.
 * 5. When the fetch fails because the owner cannot be asked, the last good answer is the answer, marked stale. It is also
 *    the answer, without a fetch, while a fetch could only fail.
 *
 * A stale answer counts once in `cache_stale_total`.
 */
export class ReadThrough<Q extends CachedRead, E extends Entry, R> {
  constructor(
    private readonly tier: ReadableTier<Q, E, R>,
    private readonly clock: Clock = systemClock,
  ) {}

  /** @throws {Failure} what the owner said, or that it cannot be asked and there is no last good answer */
  async read(read: Q): Promise<R> {
    const { tier } = this;
    const found = await tier.find(read);
    if (found.freshness === 'fresh') return tier.answer(read, found.entry, `${tier.layer}-hit`);
    if (found.freshness === 'revalidate') {
      this.#refresh(read);
      return this.#stale(read, found.entry, 'revalidate');
    }
    if (found.freshness === 'gone') return this.#fetch(read, tier.fetch, false);
    if (tier.failed?.has(read.key) === true || tier.isCutOff(read)) return this.#stale(read, found.entry, 'error');
    return this.#fetch(read, (one) => this.#fetchWithTimeToSpare(one), true);
  }

  async #fetch(read: Q, fetch: (read: Q) => Promise<R>, hadLastGood: boolean): Promise<R> {
    const { tier } = this;
    try {
      return await fetch(read);
    } catch (error) {
      if (!mayUseLastGood(error)) throw error;
      // Only then: a reader that names a position which does not exist always fails, and must not stop the others.
      if (hadLastGood) tier.failed?.note(read.key);
      // The entry is looked up again because it may have been dropped meanwhile, or another reader may have stored one.
      const found = await tier.findAgain(read);
      if (found.freshness === 'gone') throw error;
      return found.freshness === 'fresh'
        ? tier.answer(read, found.entry, 'miss')
        : this.#stale(read, found.entry, 'error');
    }
  }

  /** Ends the fetch a little before the caller stops waiting, so that a last good answer still arrives in time. */
  #fetchWithTimeToSpare(read: Q): Promise<R> {
    const { fetch, spareMs = 0 } = this.tier;
    const context = currentContext();
    if (context?.deadlineMs === undefined || spareMs === 0) return fetch(read);
    const ownSpareMs = Math.max(0, Math.min(spareMs, (context.deadlineMs - this.clock.now()) / 2));
    return withContext({ ...context, deadlineMs: context.deadlineMs - ownSpareMs }, () => fetch(read));
  }

  /** The caller already has its answer: neither its deadline nor its position applies to the fetch. */
  #refresh(read: Q): void {
    const { failed, fetch } = this.tier;
    if (failed?.has(read.key) === true) return;
    inBackground(() => fetch({ ...read, readAfter: undefined })).catch((error: unknown) => {
      if (mayUseLastGood(error)) failed?.note(read.key);
      log.debug({ err: error, subject: read.call.subject }, 'an answer could not be refreshed');
    });
  }

  #stale(read: Q, entry: E, reason: 'revalidate' | 'error'): R {
    const { tier } = this;
    metrics.cacheStale.cell(tier.layer, reason).count += 1;
    return tier.answer(read, entry, 'stale');
  }
}
