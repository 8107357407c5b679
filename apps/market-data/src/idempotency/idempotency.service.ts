import { Injectable } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import { Failure, type IngestReport } from '@mystocks/contracts';
import { Clock, type Lsn } from '@mystocks/kernel';
import { log, metrics } from '@mystocks/telemetry';
import { IngestTransactions, type Transaction } from '../transactions/ingest-transactions.js';
import { Expiry } from '../expiry/expiry.js';
import type { Claim } from './claim.js';
import { EXPIRED_MAX, IdempotencyRepository } from './idempotency.repository.js';
import { publishPending, type PendingEvent } from './pending-events.js';

/** What a transaction stored: the report without the fields that are known only after it, and the events to publish then. */
export interface StoredWork {
  readonly report: Omit<IngestReport, 'took_ms' | 'lsn' | 'replayed'>;
  readonly events: readonly PendingEvent[];
}

interface Run {
  readonly report: Omit<IngestReport, 'lsn'>;
  readonly events: readonly PendingEvent[];
}

/** The events of one committed write. */
interface CommittedEvents {
  readonly events: readonly PendingEvent[];
  readonly lsn: Lsn;
  readonly claim: Claim | undefined;
}

/** Most events that wait for the bus, about ten megabytes. */
const WAITING_MAX = 20_000;
const counted = ['inserted', 'updated', 'unchanged', 'failed'] as const;

/**
 * Runs writes: one transaction for each batch, its events after the commit, and a batch with a key only once. Key, report
 * and events are rows of the same transaction. Wherever a writer crashes, sending the batch again therefore does exactly
 * what is missing: all of it, or only the answer and the events.
 */
@Injectable()
export class IdempotencyService {
  readonly #expiry: Expiry;
  #waiting: CommittedEvents[] = [];
  #waitingEvents = 0;

  constructor(
    private readonly transactions: IngestTransactions,
    private readonly keys: IdempotencyRepository,
    private readonly bus: Bus,
    private readonly clock: Clock,
  ) {
    this.#expiry = new Expiry({
      deleteSome: () => keys.deleteExpired(),
      max: EXPIRED_MAX,
      failed: 'expired idempotency keys could not be deleted',
      clock,
    });
    bus.onConnectionChange((connected) => {
      if (connected && this.#waiting.length > 0) this.#inBackground(this.#publishWaiting());
    });
  }

  /**
   * @param batch `kind`: the fixed word under which metrics count it
   * @param work stores the batch; it may run more than once, see {@link IngestTransactions.run}
   * @throws {Failure} `conflict` while the same key is under way, `unprocessable` when it came with another request
   */
  async run(
    batch: { readonly kind: string; readonly claim: Claim | undefined; readonly receivedAtMs: number },
    work: (transaction: Transaction) => Promise<StoredWork>,
  ): Promise<IngestReport> {
    const { kind, claim, receivedAtMs } = batch;
    const stop = metrics.batchSeconds.startTimer({ kind });
    metrics.batchConcurrency.inc({ kind });
    const { value, lsn } = await this.transactions
      .run(async (transaction): Promise<Run> => {
        if (claim === undefined) return this.#timed(await work(transaction), receivedAtMs);
        return (await this.#replay(transaction, claim)) ?? this.#first(transaction, claim, receivedAtMs, work);
      })
      .finally(() => {
        metrics.batchConcurrency.dec({ kind });
      });
    this.#publishOrWait({ events: value.events, lsn, claim });
    if (claim !== undefined) this.#expiry.run();
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
    return { report: { ...done.report, replayed: true }, events: done.untold ?? [] };
  }

  async #first(
    transaction: Transaction,
    claim: Claim,
    receivedAtMs: number,
    work: (transaction: Transaction) => Promise<StoredWork>,
  ): Promise<Run> {
    const run = this.#timed(await work(transaction), receivedAtMs);
    await this.keys.store(transaction, claim, run);
    return run;
  }

  #timed({ report, events }: StoredWork, receivedAtMs: number): Run {
    return { report: { ...report, took_ms: Math.max(0, this.clock.now() - receivedAtMs) }, events };
  }

  #publishOrWait(committed: CommittedEvents): void {
    const { events, claim } = committed;
    if (events.length === 0) return;
    if (!this.bus.connected) {
      this.#wait(committed);
      return;
    }
    this.#publish(committed);
    if (claim !== undefined) this.#inBackground(this.keys.markPublished(claim));
  }

  #publish({ events, lsn }: CommittedEvents): void {
    publishPending(events, lsn, (event, payload) => {
      this.bus.publish(event, payload);
    });
  }

  /**
   * Subscribers may still be connected while this instance is not, and would keep stale data. Events of writes made while
   * offline are therefore queued and published on reconnect.
   */
  #wait(committed: CommittedEvents): void {
    const isFull = this.#waitingEvents >= WAITING_MAX;
    // Events that find no place are published although they cannot be sent: they take their numbers, so that subscribers
    // notice the gap.
    if (isFull) this.#publish(committed);
    else this.#waiting.push(committed);
    this.#waitingEvents += committed.events.length;
    if (!isFull && this.#waitingEvents >= WAITING_MAX)
      log.error('too many events wait for the bus: some will be missed');
  }

  async #publishWaiting(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingEvents = 0;
    for (const committed of waiting) this.#publish(committed);
    for (const { claim } of waiting) if (claim !== undefined) await this.keys.markPublished(claim);
  }

  /** Fire and forget. On failure a replay publishes the events again, which is harmless. */
  #inBackground(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      log.warn({ err: error }, 'events could not be marked as published');
    });
  }
}

function refuseAnother(done: Buffer | undefined, claim: Claim): void {
  if (done === undefined || done.equals(claim.requestHash)) return;
  const problem = 'IDEMPOTENCY_CONFLICT';
  throw new Failure('unprocessable', 'This Idempotency-Key was used for another request', { problem });
}
