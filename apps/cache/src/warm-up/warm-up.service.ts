import {
  Failure,
  failureCodes,
  problems,
  ReadAnswerRequest,
  type IngestItem,
  type IngestReport,
  type WarmAnswersRequest,
} from '@mystocks/contracts';
import type { Caller } from '@mystocks/identity';
import { chunked, AdaptiveLimit, eachAdaptive, systemClock } from '@mystocks/kernel';
import { metrics } from '@mystocks/telemetry';
import type { FetchedAnswer } from '@mystocks/tiered-cache';
import { check, InvalidInput } from '@mystocks/validation';
import type { AnswersService } from '../answers/answers.service.js';
import type { Pace } from './pace.js';
import type { WarmUpRecords } from './warm-up-records.js';

/** Owners are asked for so many answers at once, at most. */
const AT_ONCE_MAX = 8;
/** Answers that are fetched and then kept together: one round trip, and little time for a write to come in between. */
const TOGETHER_MAX = 64;
const kind = 'cache';

type ReadOutcome = Pick<IngestItem, 'status' | 'code' | 'message'>;

const READY: ReadOutcome = { status: 200 };
const KEPT: ReadOutcome = { status: 201 };
const NOT_KEPT: ReadOutcome = {
  status: failureCodes.conflict.status,
  code: failureCodes.conflict.number,
  message: 'Not kept: a write came in between, or the tier did not take it; ask again',
};

/** What became of one read, and its key when its answer was kept now. */
export interface Warmed {
  readonly outcome: ReadOutcome;
  readonly key?: string;
}

/** Loads answers before they are requested. The stored answers come from their owner, never from the caller. */
export class WarmUpService {
  /** Without `records` the loaded keys are not recorded. */
  constructor(
    private readonly answers: Pick<AnswersService, 'fetchToStore' | 'storeMany'>,
    private readonly records?: Pick<WarmUpRecords, 'add'>,
  ) {}

  /** Every read by itself: one that cannot be done keeps no other from it. */
  async warm({ reads }: WarmAnswersRequest, caller: Caller | undefined): Promise<IngestReport> {
    const stop = metrics.batchSeconds.startTimer({ kind });
    const startedAtMs = systemClock.now();
    const limit = new AdaptiveLimit(AT_ONCE_MAX);
    const warmed: Warmed[] = [];
    for (const some of chunked(reads, TOGETHER_MAX)) warmed.push(...(await this.load(some, limit, caller)));
    const outcomes = warmed.map((one) => one.outcome);
    const report = reportOf(reads, outcomes, stop() * 1_000);
    for (const outcome of ['inserted', 'unchanged', 'failed'] as const) {
      metrics.batchItems.cell(kind, outcome).count += report[outcome];
    }
    const { inserted: loaded, unchanged, failed } = report;
    void this.records?.add({ startedAtMs, loaded, unchanged, failed, keys: keysOf(warmed) });
    return report;
  }

  /** Reads and keeps together, at most as many at once as `limit` says, each when `pace` says. */
  async load(
    reads: readonly unknown[],
    limit: AdaptiveLimit,
    caller: Caller | undefined,
    pace?: Pace,
  ): Promise<Warmed[]> {
    const outcomes: ReadOutcome[] = reads.map(() => READY);
    const fresh: { readonly place: number; readonly one: FetchedAnswer }[] = [];
    const fetch = async (place: number): Promise<'overloaded' | undefined> => {
      pace?.asks();
      metrics.batchConcurrency.inc({ kind });
      try {
        const one = await this.answers.fetchToStore(check(ReadAnswerRequest, reads[place]), caller);
        if (one !== undefined) fresh.push({ place, one });
        return undefined;
      } catch (error) {
        outcomes[place] = refusalOf(error);
        return error instanceof Failure && error.code === 'unavailable' ? 'overloaded' : undefined;
      } finally {
        metrics.batchConcurrency.dec({ kind });
      }
    };
    await eachAdaptive(places(reads.length, pace), limit, fetch, {
      onWaiting: (change) => {
        metrics.batchQueue.inc({ kind }, change);
      },
    });
    const kept = await this.answers.storeMany(fresh.map(({ one }) => one));
    const keys = new Map<number, string>();
    fresh.forEach(({ place, one: { lease } }, index) => {
      const isKept = kept[index] === true && lease !== undefined;
      outcomes[place] = isKept ? KEPT : NOT_KEPT;
      if (isKept) keys.set(place, lease.key);
    });
    return outcomes.map((one, place) => {
      const key = keys.get(place);
      return key === undefined ? { outcome: one } : { outcome: one, key };
    });
  }
}

/** Keys of what was kept now. */
export const keysOf = (warmed: readonly Warmed[]): string[] => warmed.flatMap(({ key }) => key ?? []);

async function* places(count: number, pace: Pace | undefined): AsyncGenerator<number> {
  for (let place = 0; place < count; place += 1) {
    await pace?.ready();
    yield place;
  }
}

/** @throws what is no fault of the read */
function refusalOf(error: unknown): ReadOutcome {
  if (error instanceof InvalidInput) {
    const { status, number } = failureCodes.invalid;
    const text = error.violations
      .map(({ pointer, message }) => `${pointer.slice(1) || 'the read'} ${message}`)
      .join('; ');
    return { status, code: error.violations[0]?.code ?? number, message: text.slice(0, 300) };
  }
  if (!(error instanceof Failure)) throw error;
  const { status, number } = failureCodes[error.code];
  const code = error.problem === undefined ? number : problems[error.problem];
  return { status, code, message: error.message.slice(0, 300) };
}

function reportOf(reads: readonly unknown[], outcomes: readonly ReadOutcome[], tookMs: number): IngestReport {
  const count = (status: number): number => outcomes.filter((one) => one.status === status).length;
  const [total, inserted, unchanged] = [outcomes.length, count(201), count(200)];
  return {
    total,
    inserted,
    updated: 0,
    unchanged,
    failed: total - inserted - unchanged,
    items: outcomes.map((one, index) => ({ line: index + 1, id: idOf(reads[index]), ...one })),
    ignored_columns: [],
    registered: [],
    took_ms: Math.round(tookMs),
  };
}

/** What a read asks, as it was given. */
function idOf(read: unknown): string {
  const { subject, request } = (typeof read === 'object' && read !== null ? read : {}) as Record<string, unknown>;
  const words = [subject, request].filter((word) => typeof word === 'string');
  return words
    .join(' ')
    .replaceAll(/[\u0000-\u001f\u007f]/g, ' ')
    .slice(0, 120);
}
