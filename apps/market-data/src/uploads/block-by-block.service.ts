import { Injectable } from '@nestjs/common';
import { Failure } from '@mystocks/contracts';
import { AdaptiveLimit, eachAdaptive } from '@mystocks/kernel';
import { metrics } from '@mystocks/telemetry';
import type { FileKind } from './kinds/file-kind.js';
import type { UploadLease } from './upload-lease.js';
import type { StagedBlock } from './kinds/upload.js';
import { UploadBlocksRepository } from './stored/upload-blocks.repository.js';

/**
 * `on_error=continue`: every block is a transaction of its own, as many at the same time as the store keeps up with. A
 * block that is stored but not yet counted when the process dies is stored again under the same idempotency key, which
 * changes nothing.
 */
@Injectable()
export class BlockByBlockService {
  constructor(private readonly blocks: UploadBlocksRepository) {}

  /** Stores the staged blocks one by one, until the last one or until the lease stops. */
  async run(kind: FileKind, lease: UploadLease): Promise<void> {
    // Lists are short, and their blocks are stored in order: of two lines for the same key the later one counts.
    const limit = new AdaptiveLimit(kind.name === 'bars' ? lease.upload.options.concurrency : 1);
    const store = (block: StagedBlock): Promise<void> => this.#store(kind, lease, block);
    await eachAdaptive(this.#until(lease), limit, store, {
      isOverload: (error) => error instanceof Failure && error.code === 'unavailable',
      onWaiting: (change) => {
        metrics.batchQueue.inc({ kind: kind.name }, change);
      },
    });
  }

  async *#until(lease: UploadLease): AsyncGenerator<StagedBlock> {
    for await (const block of this.blocks.staged(lease.upload.id)) {
      if (lease.stopped !== undefined) return;
      yield block;
    }
  }

  async #store(kind: FileKind, { upload, holder }: UploadLease, block: StagedBlock): Promise<void> {
    const report = await kind.ingest(upload, block);
    await this.blocks.stored(upload.id, holder, block, report);
  }
}
