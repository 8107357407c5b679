import { Injectable } from '@nestjs/common';
import { log, traceparentFrom, withContext } from '@mystocks/telemetry';
import { AllOrNothingService } from './all-or-nothing.service.js';
import { BlockByBlockService } from './block-by-block.service.js';
import type { ChangeCounts, FileKind } from './kinds/file-kind.js';
import { FileKinds } from './kinds/file-kinds.js';
import type { UploadLease } from './upload-lease.js';
import type { Upload } from './kinds/upload.js';
import { UploadQueueRepository, type Verdict } from './stored/upload-queue.repository.js';
import { finalVerdict, givenUp, isFinal, verdictOf } from './verdict.js';

const ATTEMPTS_MAX = 10;
const PAUSE_MAX_S = 30;

/** Works on one upload until it has a verdict, the lease stops, or a failure postpones it. */
@Injectable()
export class UploadRunsService {
  constructor(
    private readonly queue: UploadQueueRepository,
    private readonly blockByBlock: BlockByBlockService,
    private readonly allOrNothing: AllOrNothingService,
    private readonly kinds: FileKinds,
  ) {}

  kindOf(upload: Pick<Upload, 'options'>): FileKind {
    return this.kinds.of(upload);
  }

  /**
   * Never fails: an error is logged under the id of the request that uploaded the file, and the upload is tried again later.
   */
  async run(lease: UploadLease): Promise<void> {
    const { upload, holder } = lease;
    const context = { requestId: upload.request_id, traceparent: traceparentFrom(undefined) };
    await withContext(context, async () => {
      try {
        const verdict = await this.#work(lease);
        if (verdict !== undefined) {
          await this.queue.end(upload.id, holder, { ...verdict, ...(await this.#ended(upload)) });
          log.info({ upload: upload.id, status: verdict.status }, 'upload ended');
        } else if (lease.stopped === 'left') await this.queue.release(upload.id, holder, 0);
      } catch (error) {
        log.warn(
          { err: error, upload: upload.id, attempts: upload.attempts },
          'upload interrupted, it will be tried again',
        );
        const pauseS = Math.min(2 ** upload.attempts, PAUSE_MAX_S);
        // When the database is unreachable, the lease expires without being released.
        await this.queue.release(upload.id, holder, pauseS).catch(() => undefined);
      }
    });
  }

  /** Returns the verdict, or undefined when another worker has to continue. */
  async #work(lease: UploadLease): Promise<Verdict | undefined> {
    const { upload } = lease;
    if (upload.attempts > ATTEMPTS_MAX) return givenUp(upload);
    try {
      const ended = await this.#store(lease);
      return ended ?? (lease.stopped === 'cancelled' ? { status: 'cancelled' } : undefined);
    } catch (error) {
      if (isFinal(error)) return finalVerdict(error);
      throw error;
    }
  }

  /**
   * Stores the lines that had to wait for the last block of the file. This is skipped after the last attempt, because
   * storing has failed every time and the file has to be uploaded again.
   */
  async #ended(upload: Upload): Promise<Partial<ChangeCounts>> {
    const isWhole = upload.options.on_error === 'abort';
    if (isWhole || upload.blocks < 2 || upload.attempts > ATTEMPTS_MAX) return {};
    const { inserted, updated } = await this.kindOf(upload).end(upload);
    return { inserted, updated };
  }

  async #store(lease: UploadLease): Promise<Verdict | undefined> {
    const { upload } = lease;
    if (upload.options.on_error === 'abort') return this.allOrNothing.run(this.kindOf(upload), lease);
    await this.blockByBlock.run(this.kindOf(upload), lease);
    const now = await this.queue.held(upload.id, lease.holder);
    if (now === undefined) return undefined;
    if (now.blocks_done === now.blocks) return verdictOf(now, true);
    if (lease.stopped === undefined) throw new Error('staged blocks are missing');
    return undefined;
  }
}
