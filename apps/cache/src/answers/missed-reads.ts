import type { Bus } from '@mystocks/bus';
import { ownerOf, type Answer } from '@mystocks/contracts';
import type { Clock } from '@mystocks/kernel';
import { currentContext, inBackground, log, metrics, withContext } from '@mystocks/telemetry';
import { mayUseLastGood, staleOf, type Kept, type Tier } from '@mystocks/tiered-cache';
import { FailedKeys } from './failed-keys.js';
import { Flights } from './flights.js';
import type { Judged, KnownWrites } from './known-writes.js';
import { answerOf, shownOf, type LeasedReads, type Shown, type Wanted } from './leased-reads.js';
import type { Owners } from './owners.js';

/** How much of a caller's time is kept back for answering with the last good, ms. */
const SPARE_MS = 100;

/** Reads that the tier had no fresh answer to: asked of the owner once, answered stale where that is allowed. */
export class MissedReads {
  readonly #flights = new Flights();
  readonly #failed: FailedKeys;

  constructor(
    private readonly parts: {
      readonly bus: Pick<Bus, 'isSilent'>;
      readonly tier: Tier;
      readonly writes: KnownWrites;
      readonly owners: Owners;
      readonly leased: LeasedReads;
      readonly clock: Clock;
    },
  ) {
    this.#failed = new FailedKeys(parts.clock);
  }

  /** The answer, where the tier has `found` nothing better than that. @throws {Failure} what the owner said */
  async answer(wanted: Wanted, found: Exclude<Judged, { freshness: 'fresh' }>): Promise<Answer> {
    if (found.freshness === 'gone') return this.#fromOwner(wanted);
    if (found.freshness === 'grace') return this.#fromOwnerOrLastGood(wanted, found.kept);
    this.#refresh(wanted);
    return stale(found.kept, 'revalidate');
  }

  /** Whoever asks from now on joins no read that is under way. */
  forget(): void {
    this.#flights.forget();
  }

  async #fromOwner(wanted: Wanted): Promise<Answer> {
    return answerOf(await this.#ask(wanted), 'miss');
  }

  async #ask(wanted: Wanted): Promise<Shown> {
    const { writes, leased, clock } = this.parts;
    const { key, question, readAfter } = wanted;
    const known = writes.latest;
    // A position nobody announced is a client's word: it may be made up, so nobody else may wait for its answer.
    if (!writes.covers(readAfter, known)) return this.#askAlone(wanted);
    const isHurried = (currentContext()?.deadlineMs ?? Infinity) < clock.now() + question.call.timeoutMs;
    const isGoodEnough = (shown: Shown): boolean => writes.covers(known, shown.after) || writes.showsAll(shown);
    const shown = await this.#flights.run({ key, isHurried, isGoodEnough }, () => leased.read(wanted));
    // It may be what another process kept that had not heard of this caller's own write.
    return writes.covers(readAfter, shown.after) ? shown : this.#askAlone(wanted);
  }

  /** Asks at once and keeps nothing: that is for the one who has the lease. */
  #askAlone({ question, readAfter }: Wanted): Promise<Shown> {
    return this.parts.owners.ask(question, readAfter);
  }

  async #fromOwnerOrLastGood(wanted: Wanted, lastGood: Kept): Promise<Answer> {
    const { bus, tier, writes, clock } = this.parts;
    const { key, question, readAfter } = wanted;
    if (this.#failed.has(key) || bus.isSilent(ownerOf(question.call))) return stale(lastGood, 'error');
    try {
      return await withTimeToSpare(clock.now(), () => this.#fromOwner(wanted));
    } catch (error) {
      if (!mayUseLastGood(error)) throw error;
      this.#failed.note(key);
      // Looked up anew: it may have been dropped for good meanwhile, or somebody else has a fresh one.
      const found = writes.judge(await tier.get(key), readAfter);
      if (found.freshness === 'gone') throw error;
      if (found.freshness !== 'fresh') return stale(found.kept, 'error');
      return answerOf(shownOf(found.kept, clock.now()), 'miss');
    }
  }

  /** Asks the owner again for a caller who has its answer already: its deadline and its position are not the owner's. */
  #refresh(wanted: Wanted): void {
    if (this.#failed.has(wanted.key)) return;
    inBackground(() => this.#ask({ ...wanted, readAfter: undefined })).catch((error: unknown) => {
      if (mayUseLastGood(error)) this.#failed.note(wanted.key);
      log.debug({ err: error, subject: wanted.question.call.subject }, 'an answer could not be refreshed');
    });
  }
}

function stale(kept: Kept, reason: 'revalidate' | 'error'): Answer {
  metrics.cacheStale.cell('l2', reason).count += 1;
  return staleOf(kept.answer);
}

/** Ends a little before the caller stops waiting: a last good answer that comes too late helps nobody. */
function withTimeToSpare<T>(nowMs: number, work: () => Promise<T>): Promise<T> {
  const context = currentContext();
  if (context?.deadlineMs === undefined) return work();
  const spareMs = Math.max(0, Math.min(SPARE_MS, (context.deadlineMs - nowMs) / 2));
  return withContext({ ...context, deadlineMs: context.deadlineMs - spareMs }, work);
}
