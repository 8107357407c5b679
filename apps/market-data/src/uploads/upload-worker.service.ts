import { randomUUID } from 'node:crypto';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { log } from '@mystocks/telemetry';
import { UploadLease } from './upload-lease.js';
import { UploadQueueRepository } from './stored/upload-queue.repository.js';
import { UploadRemainsRepository } from './stored/upload-remains.repository.js';
import { UploadRunsService } from './upload-runs.service.js';

/** Uploads that an instance works on at the same time: a small file need not wait for a large one. */
const RUNS_AT_ONCE = 2;
/** How often the queue is searched for uploads that another instance queued or abandoned. */
const LOOK_EVERY_MS = 2_000;
const PRUNE_EVERY_MS = 600_000;

/** Takes uploads from the queue, as every instance does. */
@Injectable()
export class UploadWorkerService implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #leases = new Set<UploadLease>();
  readonly #sleepers = new Set<() => void>();
  #loops: Promise<void>[] = [];
  #stopping = false;
  #unreachable = false;
  #prunedMs = -PRUNE_EVERY_MS;

  constructor(
    private readonly queue: UploadQueueRepository,
    private readonly runs: UploadRunsService,
    private readonly remains: UploadRemainsRepository,
  ) {}

  onApplicationBootstrap(): void {
    this.#loops = Array.from({ length: RUNS_AT_ONCE }, () => this.#loop());
  }

  /** Finishes the blocks that are being stored and leaves the others to other instances. */
  async onModuleDestroy(): Promise<void> {
    this.#stopping = true;
    for (const lease of this.#leases) lease.leave();
    this.wake();
    await Promise.all(this.#loops);
  }

  /** Wakes the loops after an upload was queued. */
  wake(): void {
    for (const wakeUp of this.#sleepers) wakeUp();
  }

  async #loop(): Promise<void> {
    while (!this.#stopping) {
      const worked = await this.#once().catch((error: unknown) => {
        if (!this.#unreachable) log.warn({ err: error }, 'upload queue unreachable');
        this.#unreachable = true;
        return false;
      });
      if (!worked) await this.#sleep();
    }
  }

  /** Returns true when an upload was claimed; there may be more in the queue. */
  async #once(): Promise<boolean> {
    const holder = randomUUID();
    const upload = await this.queue.claim(holder);
    this.#unreachable = false;
    if (upload === undefined) {
      await this.#prune();
      return false;
    }
    const lease = new UploadLease(this.queue, upload, holder);
    this.#leases.add(lease);
    // The service may have begun to stop while the claim was running.
    if (this.#stopping) lease.leave();
    try {
      await this.runs.run(lease);
    } finally {
      this.#leases.delete(lease);
      lease.close();
      this.#prunedMs = -PRUNE_EVERY_MS;
    }
    return true;
  }

  async #prune(): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - this.#prunedMs < PRUNE_EVERY_MS) return;
    this.#prunedMs = nowMs;
    await this.remains.prune(() => this.#stopping);
  }

  #sleep(): Promise<void> {
    if (this.#stopping) return Promise.resolve();
    return new Promise((resolve) => {
      const wakeUp = (): void => {
        clearTimeout(timer);
        this.#sleepers.delete(wakeUp);
        resolve();
      };
      const timer = setTimeout(wakeUp, LOOK_EVERY_MS);
      this.#sleepers.add(wakeUp);
    });
  }
}
