import type { OnModuleInit } from '@nestjs/common';
import type { Bus } from '@mystocks/bus';
import {
  entriesInvalidated,
  type Answer,
  type CacheEntries,
  type CacheStatus,
  type DroppedAnswers,
  type ReadAnswerRequest,
} from '@mystocks/contracts';
import { authorize, type Caller } from '@mystocks/identity';
import { systemClock, type Clock, type Lsn } from '@mystocks/kernel';
import { currentContext, metrics } from '@mystocks/telemetry';
import { answerKey, canonicalJson, followWrites, type Tier } from '@mystocks/tiered-cache';
import { randomUUID } from 'node:crypto';
import { KnownWrites } from './known-writes.js';
import { answerOf, LeasedReads, shownOf, type Fresh, type Wanted } from './leased-reads.js';
import { MissedReads } from './missed-reads.js';
import { OutdatedTags } from './outdated-tags.js';
import { Owners } from './owners.js';
import { questionOf } from './readable-calls.js';

export type { Fresh };

export interface AnswersOptions {
  readonly clock?: Clock;
  /**
   * How long nothing is kept after news may have been missed, ms. A replica may be behind news that never came; one
   * that is more than a second behind is not read from (DESIGN.md §7).
   */
  readonly settleMs?: number;
  /** How long after it was fresh an answer may stand in for an owner that cannot be asked, ms. */
  readonly graceMs?: number;
}

/**
 * Reads answers of other services through the second tier, and never holds a read up because of it.
 *
 * What is counted: every {@link read} that passes its checks is one hit (a fresh answer was there at the first look) or
 * one miss of `l2`, never both; a tier that does not serve is a miss. A miss that is answered stale counts once in
 * `cache_stale_total` too, as `revalidate` (the owner is asked in the background) or `error` (it could not be asked).
 * `cache_origin_calls_total` counts questions really sent to an owner: by a read, by a refresh in the background, by a
 * warm-up; not by reads that joined another or found what another process kept. What the bus asks of two instances while
 * one is missing counts once there, and at both of them if they are this service's (`bus_calls_repeated_total`).
 */
export class AnswersService implements OnModuleInit {
  readonly #id = randomUUID();
  readonly #writes: KnownWrites;
  readonly #owners: Owners;
  readonly #leased: LeasedReads;
  readonly #missed: MissedReads;
  readonly #outdated: OutdatedTags;
  readonly #clock: Clock;
  readonly #hits = metrics.cacheHits.cell('l2');
  readonly #misses = metrics.cacheMisses.cell('l2');
  #onHit: (key: string) => void = () => undefined;

  constructor(
    private readonly bus: Pick<Bus, 'call' | 'publish' | 'subscribe' | 'onConnectionChange' | 'isSilent'>,
    private readonly tier: Tier,
    { clock = systemClock, settleMs = 1_000, graceMs = 900_000 }: AnswersOptions = {},
  ) {
    const writes = new KnownWrites(clock, { settleMs, graceMs });
    this.#clock = clock;
    this.#writes = writes;
    this.#owners = new Owners({ bus, writes, clock, graceMs });
    this.#leased = new LeasedReads(tier, this.#owners, writes, clock);
    this.#missed = new MissedReads({ bus, tier, writes, owners: this.#owners, leased: this.#leased, clock });
    this.#outdated = new OutdatedTags(tier);
  }

  /** Listens for writes. What the tier holds from before may be old: nobody listened then. */
  onModuleInit(): void {
    const following = followWrites(this.bus, {
      written: (tags, lsn) => {
        this.#writes.note(tags, lsn);
        this.#outdated.add(tags, lsn);
      },
      dropped: ({ by, ...entries }) => {
        // What is under way may show the dropped.
        this.#missed.forget();
        if (by !== this.#id) void this.tier.drop(entries);
      },
      missedDrops: () => {
        this.#missed.forget();
      },
      missed: () => {
        this.#startOver();
      },
      // Entries of the tier name positions that are false, and a later write would not outdate them.
      setBack: (end) => {
        this.#writes.setBackTo(end);
        this.#missed.forget();
        this.#outdated.forget();
        void this.tier.clear();
      },
    });
    this.#writes.checkPositions((lsn) => following.accepts(lsn));
    this.#startOver();
    void this.tier.clear();
  }

  /** The answer to `request`, from the tier or from the service that owns the call. */
  async read(request: ReadAnswerRequest, caller: Caller | undefined): Promise<Answer> {
    const wanted = wantedOf(request, caller, currentContext()?.readAfter);
    if (request.announced !== undefined) this.#writes.learn(request.announced);
    const found = this.#writes.judge(await this.tier.get(wanted.key), wanted.readAfter);
    if (found.freshness !== 'fresh') {
      this.#misses.count += 1;
      return this.#missed.answer(wanted, found);
    }
    this.#hits.count += 1;
    this.#onHit(wanted.key);
    return answerOf(shownOf(found.kept, this.#clock.now()), 'l2-hit');
  }

  /**
   * A fresh answer of the owner, to be kept with others ({@link keepMany}) within seconds; undefined when the tier has a
   * good one. Counts neither as a hit nor as a miss.
   */
  async fetchToKeep(request: ReadAnswerRequest, caller: Caller | undefined): Promise<Fresh | undefined> {
    const wanted = wantedOf(request, caller, undefined);
    const found = this.#writes.judge(await this.tier.get(wanted.key), undefined);
    return found.freshness === 'fresh' ? undefined : this.#leased.fetch(wanted);
  }

  /** Keeps together what still shows every write that is known; says of each whether it is kept. */
  keepMany(fetched: readonly Fresh[]): Promise<boolean[]> {
    return this.#leased.keepMany(fetched);
  }

  /** Drops answers for good, here and in the first tiers of the whole house; reads under way bring none back. */
  async drop(entries: CacheEntries): Promise<DroppedAnswers> {
    this.#missed.forget();
    const dropped = await this.tier.drop(entries);
    // Only now: a first tier that asks again after this news must not find here what was dropped.
    this.bus.publish(entriesInvalidated, { ...entries, by: this.#id });
    return { dropped };
  }

  /** From now on `listener` is told the key of each read that the tier had a fresh answer to. */
  onHit(listener: (key: string) => void): void {
    this.#onHit = listener;
  }

  status(): CacheStatus {
    return {
      l2: this.tier.kind,
      l2_connected: this.tier.serving,
      hits: this.#hits.count,
      misses: this.#misses.count,
      origin_calls: this.#owners.calls,
    };
  }

  #startOver(): void {
    this.#writes.startOver();
    this.#missed.forget();
  }
}

function wantedOf(
  { subject, request }: ReadAnswerRequest,
  caller: Caller | undefined,
  readAfter: Lsn | undefined,
): Wanted {
  const question = questionOf(subject, request);
  authorize(question.call.allow, caller);
  return { key: answerKey(question.call.subject, canonicalJson(question.request)), question, readAfter };
}
