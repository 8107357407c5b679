import type { Clock } from '@mystocks/kernel';
import { log } from '@mystocks/telemetry';

const EVERY_MS = 60_000;

interface ExpiryOptions {
  /** Deletes some expired rows and returns their number. */
  readonly deleteSome: () => Promise<number>;
  /** Most rows that one call of `deleteSome` deletes. */
  readonly max: number;
  /** The log message when `deleteSome` fails. */
  readonly failed: string;
  readonly clock: Pick<Clock, 'now'>;
}

/** Deletes expired rows in the background of writes, about once a minute, and at once again while a round is full. */
export class Expiry {
  #ranAtMs = -Infinity;

  constructor(private readonly options: ExpiryOptions) {}

  /** Call it with every write; most calls do nothing. */
  run(): void {
    const { deleteSome, max, failed, clock } = this.options;
    const nowMs = clock.now();
    if (nowMs - this.#ranAtMs < EVERY_MS) return;
    this.#ranAtMs = nowMs;
    deleteSome().then(
      (count) => {
        // When rows arrive faster than one round a minute deletes them, the next write continues.
        if (count >= max) this.#ranAtMs = -Infinity;
      },
      (error: unknown) => {
        log.warn({ err: error }, failed);
      },
    );
  }
}
