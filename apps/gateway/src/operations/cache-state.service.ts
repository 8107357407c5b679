import { Injectable } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import { cacheStatus, Failure, type CacheStatus } from '@mystocks/contracts';
import { instanceName, systemClock } from '@mystocks/kernel';
import { metrics } from '@mystocks/telemetry';
import { NearAnswers } from '../reads/near-answers.js';

/** One tier as one process sees it: its own reads since it started. The whole system is summed in the metrics. */
interface LayerState {
  /** `host:pid`; of several copies of a service any one may have answered. */
  readonly instance: string | null;
  readonly since: string | null;
  readonly hits: number;
  readonly misses: number;
  /** hits / (hits + misses); null before the first read. */
  readonly hit_rate: number | null;
  /** Misses answered all the same, marked stale. */
  readonly stale: { readonly revalidate: number; readonly error: number };
}

export interface NearState extends LayerState {
  readonly entries: number;
}

interface SecondState extends LayerState {
  readonly kind: string;
  readonly connected: boolean;
  readonly origin_calls: number;
}

export interface CacheState {
  /** Of the gateway that answered. */
  readonly l1: NearState;
  /** Of the instance of the cache service that answered; null when none did. */
  readonly l2: SecondState | null;
  /** Services that did not answer: their part is missing. */
  readonly unavailable: readonly string[];
}

/** Both cache tiers for operators. L1 is shown even while the cache service is away, when it matters most. */
@Injectable()
export class CacheStateService {
  readonly #since = new Date(systemClock.now()).toISOString();
  readonly #hits = metrics.cacheHits.cell('l1');
  readonly #misses = metrics.cacheMisses.cell('l1');
  readonly #revalidate = metrics.cacheStale.cell('l1', 'revalidate');
  readonly #error = metrics.cacheStale.cell('l1', 'error');

  constructor(
    private readonly bus: Bus,
    private readonly near: NearAnswers,
  ) {}

  async read(): Promise<CacheState> {
    const second = await this.#second();
    return {
      l1: this.first(),
      l2: second === undefined ? null : toState(second),
      unavailable: second === undefined ? ['cache'] : [],
    };
  }

  /** The first tier alone: every read of this gateway asked it, so its numbers belong together. */
  first(): NearState {
    return {
      instance: instanceName,
      since: this.#since,
      entries: this.near.size,
      ...counted(this.#hits.count, this.#misses.count),
      stale: { revalidate: this.#revalidate.count, error: this.#error.count },
    };
  }

  async #second(): Promise<CacheStatus | undefined> {
    try {
      return await this.bus.call(cacheStatus, {});
    } catch (error) {
      if (error instanceof Failure && (error.code === 'unavailable' || error.code === 'timeout')) return undefined;
      throw error;
    }
  }
}

const toState = (status: CacheStatus): SecondState => ({
  instance: status.instance ?? null,
  since: status.since ?? null,
  kind: status.l2,
  connected: status.l2_connected,
  ...counted(status.hits, status.misses),
  stale: { revalidate: status.stale_revalidate ?? 0, error: status.stale_error ?? 0 },
  origin_calls: status.origin_calls,
});

const counted = (hits: number, misses: number): Pick<LayerState, 'hits' | 'misses' | 'hit_rate'> => ({
  hits,
  misses,
  hit_rate: hits + misses === 0 ? null : Math.round((hits / (hits + misses)) * 10_000) / 10_000,
});
