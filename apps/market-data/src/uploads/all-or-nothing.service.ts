import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Failure, remarksOf, type IngestRemarks } from '@mystocks/contracts';
import { systemClock } from '@mystocks/kernel';
import { IdempotencyService, type StoredWork } from '../idempotency/idempotency.service.js';
import type { Transaction } from '../transactions/ingest-transactions.js';
import { keyOf, type FileKind } from './kinds/file-kind.js';
import type { UploadLease } from './upload-lease.js';
import { RunTally } from './run-tally.js';
import type { Upload } from './kinds/upload.js';
import { UploadBlocksRepository } from './stored/upload-blocks.repository.js';
import { UploadQueueRepository, type RunCounts, type Verdict } from './stored/upload-queue.repository.js';
import { verdictOf } from './verdict.js';

/** Rolls the transaction of a whole file back when the lease has stopped. */
class Stopped extends Error {}

/**
 * `on_error=abort`: the first pass reads every line, the second stores all of them in one transaction. Whatever happens
 * before its commit, nothing is stored; whatever happens after it, the idempotency key keeps it from being stored again.
 */
@Injectable()
export class AllOrNothingService {
  constructor(
    private readonly blocks: UploadBlocksRepository,
    private readonly queue: UploadQueueRepository,
    private readonly once: IdempotencyService,
  ) {}

  /** @returns the verdict; undefined when the lease stopped, in which case nothing is stored */
  async run(kind: FileKind, lease: UploadLease): Promise<Verdict | undefined> {
    const { upload, holder } = lease;
    const found = await this.#check(kind, lease);
    if (lease.stopped !== undefined) return undefined;
    await this.queue.found(upload.id, holder, found);
    if (found.failed > 0 || found.total === 0) return verdictOf(found);
    const stored = await this.#store(kind, lease);
    if (stored === undefined) return undefined;
    await this.queue.found(upload.id, holder, { ...stored, ignored: found.ignored, remarks: remarksOf(stored) });
    return { status: 'succeeded' };
  }

  async #check(kind: FileKind, lease: UploadLease): Promise<RunCounts> {
    const { upload, holder } = lease;
    const tally = new RunTally('checking');
    for await (const block of this.blocks.staged(upload.id)) {
      if (lease.stopped !== undefined) break;
      const checked = await kind.check(upload, block);
      tally.checked(block, checked);
      if (checked.refused.length > 0) await this.blocks.refuse(upload.id, holder, checked.refused);
      await this.queue.progress(upload.id, holder, tally.progress);
    }
    return tally.counts;
  }

  /** Returns undefined when the lease stopped. */
  async #store(
    kind: FileKind,
    lease: UploadLease,
  ): Promise<(Omit<RunCounts, 'ignored' | 'remarks'> & IngestRemarks) | undefined> {
    const batch = { kind: kind.name, claim: claimOf(lease.upload), receivedAtMs: systemClock.now() };
    try {
      const report = await this.once.run(batch, (transaction) => this.#storeAll(transaction, kind, lease));
      await kind.afterWhole();
      return report;
    } catch (error) {
      if (error instanceof Stopped) return undefined;
      throw error;
    }
  }

  async #storeAll(transaction: Transaction, kind: FileKind, lease: UploadLease): Promise<StoredWork> {
    const { upload, holder } = lease;
    const whole = kind.whole(upload);
    const tally = new RunTally('storing');
    for await (const block of this.blocks.staged(upload.id)) {
      if (lease.stopped !== undefined) throw new Stopped();
      const stored = await whole.store(transaction, block);
      if (stored.refused > 0) throw changedMeanwhile();
      tally.stored(block, stored);
      transaction.client.atWork();
      await this.queue.progress(upload.id, holder, tally.progress);
    }
    tally.ended(await whole.end(transaction));
    const { ignored, registered, remarks, ...counts } = tally.counts;
    const report = { ...counts, ...remarks, items: [], ignored_columns: [...ignored], registered: [...registered] };
    return { report, events: await whole.events() };
  }
}

/** Parts of a file are numbered from 1; the whole is part 0. */
const claimOf = ({ id }: Upload) => ({
  owner: 'market-data',
  key: keyOf(id),
  part: 0,
  requestHash: createHash('sha256').update(id).digest(),
});

const changedMeanwhile = (): Failure =>
  new Failure('conflict', 'A line that was good is not any more: instruments changed meanwhile. Nothing was stored');
