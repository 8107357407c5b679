import { Failure, type WarmUpTrigger } from '@mystocks/contracts';
import { chunked, AdaptiveLimit, instanceName } from '@mystocks/kernel';
import { log } from '@mystocks/telemetry';
import type { AccessesRepository } from '../accesses/accesses.repository.js';
import { readsOf } from './hot-reads.js';
import { Pace, type Time } from './pace.js';
import type { ServiceAccess } from './service-access.js';
import { isStill } from './session-clock.js';
import type { Outcome, WarmUpRunsRepository } from './warm-up-runs.repository.js';
import { keysOf, type Warmed, type WarmUpService } from './warm-up.service.js';

/** A read counts half after so long: yesterday's favourites count, last week's hardly. */
export const HALF_LIFE_HOURS = 24;
const AT_ONCE_MAX = 8;
/** Entries that are stored together. Few, because a reader of one of them waits until all are stored. */
const TOGETHER_MAX = 8;
/** So many parts in a row whose owner had too much to do, and the rest is left alone. */
const OVERLOADED_MAX = 5;

const OVERLOADED = [503, 504];
const REFUSED = [401, 403];

/** The run happened, or another instance had taken its slot. */
export type RunResult = 'done' | 'taken';

/** Loads the answers to what is read most, slowly, and notes what it loaded. */
export class WarmUpRunner {
  constructor(
    private readonly parts: {
      readonly warmUp: Pick<WarmUpService, 'load'>;
      readonly accesses: Pick<AccessesRepository, 'hottest'>;
      readonly runs: Pick<WarmUpRunsRepository, 'begin' | 'noteLoaded' | 'finish'>;
      readonly service: Pick<ServiceAccess, 'run'>;
      readonly time: Time;
      readonly symbolsMax: number;
      readonly perSecond: number;
    },
  ) {}

  /** One warm-up; with a slot at most one instance's. @throws {Failure} when the database does not answer */
  async run(trigger: WarmUpTrigger, slot?: string): Promise<RunResult> {
    const { accesses, runs, time, symbolsMax } = this.parts;
    const startedAtMs = time.now();
    const symbols = await accesses.hottest(startedAtMs, HALF_LIFE_HOURS, symbolsMax);
    const about = { trigger, slot, instance: instanceName, startedAtMs, symbols: symbols.length };
    const run = await runs.begin(about);
    if (run === undefined) return 'taken';
    const all: Warmed[] = [];
    const stoppedBecause = await this.#load(run, readsOf(symbols, isStill(startedAtMs)), all).catch(reasonOf);
    const outcome = { ...outcomeOf(all), ...(stoppedBecause !== undefined && { stoppedBecause }) };
    await runs.finish(run, time.now(), outcome);
    log.info({ trigger, symbols: symbols.length, ...outcome }, 'the cache was warmed');
    return 'done';
  }

  /** Adds to `all` what becomes of each read; answers why it stopped, if before the end. */
  async #load(run: string, reads: ReturnType<typeof readsOf>, all: Warmed[]): Promise<string | undefined> {
    const { warmUp, runs, service, time, perSecond } = this.parts;
    const [limit, pace] = [new AdaptiveLimit(AT_ONCE_MAX), new Pace(perSecond, time)];
    let overloaded = 0;
    for (const some of chunked(reads, TOGETHER_MAX)) {
      const startedAtMs = time.now();
      const warmed = await service.run((caller) => warmUp.load(some, limit, caller, pace));
      all.push(...warmed);
      const keys = keysOf(warmed);
      if (keys.length > 0) await runs.noteLoaded(run, keys, startedAtMs);
      if (hasStatus(warmed, REFUSED)) return 'The owner refuses this service';
      overloaded = hasStatus(warmed, OVERLOADED) ? overloaded + 1 : 0;
      if (overloaded === 0) pace.answered();
      else pace.overloaded();
      if (overloaded >= OVERLOADED_MAX) return 'The owner has too much to do, or is away';
    }
    return undefined;
  }
}

/** A run that has its slot is not begun again: when the database or the auth service goes away it ends with what it has. */
function reasonOf(error: unknown): string {
  log.warn({ err: error }, 'a warm-up ends before it is done');
  return error instanceof Failure ? error.message : 'An error of this service; see its log';
}

const hasStatus = (warmed: readonly Warmed[], statuses: readonly number[]): boolean =>
  warmed.some(({ outcome }) => statuses.includes(outcome.status));

function outcomeOf(all: readonly Warmed[]): Outcome {
  const loaded = keysOf(all).length;
  const unchanged = all.filter(({ outcome }) => outcome.status === 200).length;
  return { loaded, unchanged, failed: all.length - loaded - unchanged };
}
