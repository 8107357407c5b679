import { Injectable } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import { Failure, type IngestReport } from '@mystocks/contracts';
import { systemClock, type Lsn } from '@mystocks/kernel';
import { log, metrics } from '@mystocks/telemetry';
import { IngestTransactions, type Transaction } from '../transactions/ingest-transactions.js';
import type { Claim } from './claim.js';
import { FORGOTTEN_MAX, IdempotencyRepository } from './idempotency.repository.js';
import { tellNews, type News } from './news.js';

/** What a transaction stored: the report without what is known only after it, and the news to tell then. */
export interface Outcome {
  readonly report: Omit<IngestReport, 'took_ms' | 'lsn' | 'replayed'>;
  readonly news: readonly News[];
}

/** What a batch is, as metrics count it. */
export type BatchKind = 'bars' | 'factors' | 'instruments' | 'quotes';

interface Run {
  readonly report: Omit<IngestReport, 'lsn'>;
  readonly news: readonly News[];
}

/** News of one committed write. */
interface Telling {
  readonly news: readonly News[];
  readonly lsn: Lsn;
  readonly claim: Claim | undefined;
}

const FORGET_EVERY_MS = 60_000;
/** News that wait for the bus: some ten megabytes. */
const HELD_MAX = 20_000;
const counted = ['inserted', 'updated', 'unchanged', 'failed'] as const;

/**
 * Runs the writes of market data: one transaction a batch, its news after the commit, and with a key once and not again.
 * Key, report and news are rows of the same transaction, so that wherever a writer dies, sending the batch again brings
 * exactly what is missing: all of it, or only the answer and the news.
 */
@Injectable()
export class IngestOnceService {
  #forgottenAtMs = -Infinity;
  #held: Telling[] = [];
  #heldNews = 0;

  constructor(
    private readonly transactions: IngestTransactions,
    private readonly keys: IdempotencyRepository,
    private readonly bus: Bus,
  ) {
    bus.onConnectionChange((connected) => {
      if (connected && this.#held.length > 0) this.#unheard(this.#catchUp());
    });
  }

  /**
   * @param work stores the batch; it may run more than once, see {@link IngestTransactions.run}
   * @throws {Failure} `conflict` while the same key is under way, `unprocessable` when it came with another request
   */
  async run(
    batch: { readonly kind: BatchKind; readonly claim: Claim | undefined; readonly receivedAtMs: number },
    work: (transaction: Transaction) => Promise<Outcome>,
  ): Promise<IngestReport> {
    const { kind, claim, receivedAtMs } = batch;
    const stop = metrics.batchSeconds.startTimer({ kind });
    metrics.batchConcurrency.inc({ kind });
    const { value, lsn } = await this.transactions
      .run(async (transaction): Promise<Run> => {
        if (claim === undefined) return timed(await work(transaction), receivedAtMs);
        return (await this.#replay(transaction, claim)) ?? this.#first(transaction, claim, receivedAtMs, work);
      })
      .finally(() => {
        metrics.batchConcurrency.dec({ kind });
      });
    this.#tell({ news: value.news, lsn, claim });
    if (claim !== undefined) this.#forgetSome();
    const { report } = value;
    if (report.replayed !== true) {
      stop();
      for (const outcome of counted) metrics.batchItems.cell(kind, outcome).count += report[outcome];
    }
    return report.failed < report.total ? { ...report, lsn } : report;
  }

  /**
   * For work that stores something before its transaction: refuses a key that was used for another request.
   * @throws {Failure} `unprocessable`
   */
  async refuseAnother(claim: Claim): Promise<void> {
    refuseAnother(await this.keys.hashOf(claim), claim);
  }

  async #replay(transaction: Transaction, claim: Claim): Promise<Run | undefined> {
    if (!(await this.keys.claim(transaction, claim))) {
      throw new Failure('conflict', 'A request with this Idempotency-Key is under way; send it again in a moment', {
        problem: 'IDEMPOTENCY_CONFLICT',
        retryAfterS: 1,
      });
    }
    const done = await this.keys.find(transaction, claim);
    if (done === undefined) return undefined;
    refuseAnother(done.request_hash, claim);
    return { report: { ...done.report, replayed: true }, news: done.untold ?? [] };
  }

  async #first(
    transaction: Transaction,
    claim: Claim,
    receivedAtMs: number,
    work: (transaction: Transaction) => Promise<Outcome>,
  ): Promise<Run> {
    const run = timed(await work(transaction), receivedAtMs);
    await this.keys.keep(transaction, claim, run);
    return run;
  }

  #tell(telling: Telling): void {
    const { news, claim } = telling;
    if (news.length === 0) return;
    if (!this.bus.connected) {
      this.#hold(telling);
      return;
    }
    this.#publish(telling);
    if (claim !== undefined) this.#unheard(this.keys.told(claim));
  }

  #publish({ news, lsn }: Telling): void {
    tellNews(news, lsn, (event, payload) => {
      this.bus.publish(event, payload);
    });
  }

  /** Who listens may not have lost the bus himself, and would keep the old: what was written meanwhile is told later. */
  #hold(telling: Telling): void {
    const isFull = this.#heldNews >= HELD_MAX;
    // What is not held counts as told, though it cannot be sent: numbered news, whose listeners find that they missed it.
    if (isFull) this.#publish(telling);
    else this.#held.push(telling);
    this.#heldNews += telling.news.length;
    if (!isFull && this.#heldNews >= HELD_MAX) log.error('more was written without the bus than can be told later');
  }

  async #catchUp(): Promise<void> {
    const held = this.#held;
    this.#held = [];
    this.#heldNews = 0;
    for (const one of held) this.#publish(one);
    for (const { claim } of held) if (claim !== undefined) await this.keys.told(claim);
  }

  #forgetSome(): void {
    const nowMs = systemClock.now();
    if (nowMs - this.#forgottenAtMs < FORGET_EVERY_MS) return;
    this.#forgottenAtMs = nowMs;
    const forgotten = this.keys.forget().then((count) => {
      // Where more keys come than a round a minute takes, the next write goes on with it.
      if (count >= FORGOTTEN_MAX) this.#forgottenAtMs = -Infinity;
    });
    this.#unheard(forgotten);
  }

  /** Nobody waits for it, and it is made up for: news are told twice, keys are forgotten later. */
  #unheard(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      log.warn({ err: error }, 'keys of writes could not be brought up to date');
    });
  }
}

function refuseAnother(done: Buffer | undefined, claim: Claim): void {
  if (done === undefined || done.equals(claim.requestHash)) return;
  const problem = 'IDEMPOTENCY_CONFLICT';
  throw new Failure('unprocessable', 'This Idempotency-Key was used for another request', { problem });
}

const timed = ({ report, news }: Outcome, receivedAtMs: number): Run => ({
  report: { ...report, took_ms: Math.max(0, systemClock.now() - receivedAtMs) },
  news,
});
