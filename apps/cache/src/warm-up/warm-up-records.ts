import { instanceName, systemClock, type Clock } from '@mystocks/kernel';
import { log } from '@mystocks/telemetry';
import type { Outcome, WarmUpRunsRepository } from './warm-up-runs.repository.js';

/** What an operator had warmed. */
export interface Warmed extends Outcome {
  readonly startedAtMs: number;
  readonly keys: readonly string[];
}

/** Remembers what operators had warmed: afterwards, because their warm-up must not fail for want of a record. */
export class WarmUpRecords {
  constructor(
    private readonly runs: Pick<WarmUpRunsRepository, 'begin' | 'noteLoaded' | 'finish'>,
    private readonly clock: Clock = systemClock,
  ) {}

  /** Never fails: without the database there is no record. */
  async add({ startedAtMs, keys, ...outcome }: Warmed): Promise<void> {
    try {
      const run = await this.runs.begin({ trigger: 'operator', instance: instanceName, startedAtMs, symbols: 0 });
      if (run === undefined) return;
      await this.runs.noteLoaded(run, keys, startedAtMs);
      await this.runs.finish(run, this.clock.now(), outcome);
    } catch (error) {
      log.warn({ err: error }, 'a warm-up could not be recorded');
    }
  }
}
