import type { CacheModel, PrewarmStatus } from '@mystocks/contracts';
import { withTimeLimit, type Clock } from '@mystocks/kernel';
import type { AccessesRepository } from '../accesses/accesses.repository.js';
import { looksBackHours } from '../accesses/decay.js';
import type { AccessesService } from '../accesses/accesses.service.js';
import { HALF_LIFE_HOURS } from './warm-up-runner.js';
import type { WarmUpRunsRepository } from './warm-up-runs.repository.js';
import type { WarmUpScheduleService } from './warm-up-schedule.service.js';

const RULE = 'decayed-reads';
/** A database that hangs must not make an operator wait until the call is over. */
const DATABASE_MAX_MS = 1_000;

/** What operators see of warm-ups. */
export class WarmUpStatusService {
  constructor(
    private readonly parts: {
      readonly schedule: Pick<WarmUpScheduleService, 'reason' | 'nextRunAtMs'>;
      readonly log: Pick<AccessesService, 'state'>;
      readonly accesses: Pick<AccessesRepository, 'known'> | undefined;
      readonly runs: Pick<WarmUpRunsRepository, 'latest'> | undefined;
      readonly clock: Clock;
      readonly symbolsMax: number;
      readonly perSecond: number;
    },
  ) {}

  async status(): Promise<PrewarmStatus> {
    const { schedule, symbolsMax, perSecond } = this.parts;
    const { reason, nextRunAtMs } = schedule;
    return {
      enabled: reason === undefined,
      ...(reason !== undefined && { reason }),
      rule: RULE,
      symbols_max: symbolsMax,
      per_second_max: perSecond,
      ...(reason === undefined && nextRunAtMs !== undefined && { next_run_at: new Date(nextRunAtMs).toISOString() }),
      access_log: this.parts.log.state(),
      ...(await this.#runs()),
    };
  }

  async model(): Promise<CacheModel> {
    const rule = {
      kind: 'rule' as const,
      name: RULE,
      ranks_by: `Sum of the reads of a symbol, each hour's counting half as much every ${HALF_LIFE_HOURS} hours`,
      half_life_hours: HALF_LIFE_HOURS,
      looks_back_hours: looksBackHours(HALF_LIFE_HOURS),
    };
    try {
      const known = await withTimeLimit(
        DATABASE_MAX_MS,
        this.parts.accesses?.known(this.parts.clock.now(), HALF_LIFE_HOURS),
      );
      if (known === undefined) return rule;
      const { symbols, hours, since } = known;
      return {
        ...rule,
        symbols_known: symbols,
        hours_known: hours,
        ...(since !== null && { since: since.toISOString() }),
      };
    } catch {
      // The rule stands without the database; what it goes by is then unknown.
      return rule;
    }
  }

  async #runs(): Promise<Pick<PrewarmStatus, 'runs' | 'runs_unknown_because'>> {
    if (this.parts.runs === undefined) return { runs: [], runs_unknown_because: 'PG_PRIMARY_URL is not set' };
    try {
      return { runs: await withTimeLimit(DATABASE_MAX_MS, this.parts.runs.latest()) };
    } catch {
      return { runs: [], runs_unknown_because: 'The database does not answer' };
    }
  }
}
