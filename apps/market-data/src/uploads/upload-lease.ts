import { log } from '@mystocks/telemetry';
import type { Upload } from './kinds/upload.js';
import type { UploadQueueRepository } from './stored/upload-queue.repository.js';

/** Every renewal also reads whether the upload is to be cancelled, so that a cancellation stops it within a few blocks. */
const RENEW_EVERY_MS = 250;
/** The lease of the table is 10 s; a worker that could not renew it for that long has lost it. */
const LOST_AFTER_MS = 9_000;

/** Why a run stops before its end. `left`: this instance stops; another goes on. */
export type StopReason = 'cancelled' | 'lost' | 'left';

/** Renews the lease of an upload while it is worked on, and records when the work must stop. */
export class UploadLease {
  #stopped: StopReason | undefined;
  #renewedMs = performance.now();
  #renewing = false;
  readonly #timer: NodeJS.Timeout;

  constructor(
    private readonly queue: UploadQueueRepository,
    readonly upload: Upload,
    readonly holder: string,
  ) {
    if (upload.cancelling) this.#stopped = 'cancelled';
    this.#timer = setInterval(() => void this.#renew(), RENEW_EVERY_MS).unref();
  }

  /** Why the work must stop, checked between blocks; undefined while it may continue. */
  get stopped(): StopReason | undefined {
    return this.#stopped;
  }

  /** Stops the work because this instance stops: the block that is being stored is the last one. */
  leave(): void {
    this.#stopped ??= 'left';
  }

  /** Stops renewing the lease. */
  close(): void {
    clearInterval(this.#timer);
  }

  async #renew(): Promise<void> {
    if (this.#renewing) return;
    this.#renewing = true;
    try {
      const cancelling = await this.queue.renew(this.upload.id, this.holder);
      this.#renewedMs = performance.now();
      if (cancelling === undefined) this.#stopped ??= 'lost';
      else if (cancelling) this.#stopped ??= 'cancelled';
    } catch (error) {
      log.warn({ err: error, upload: this.upload.id }, 'lease of an upload not renewed');
      if (performance.now() - this.#renewedMs > LOST_AFTER_MS) this.#stopped ??= 'lost';
    } finally {
      this.#renewing = false;
    }
  }
}
