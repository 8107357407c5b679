import type { Failure } from '@mystocks/contracts';
import { systemClock, type Clock } from '@mystocks/kernel';
import type { Logger } from '@mystocks/telemetry';

const EVERY_MS = 1_000;

/**
 * Logs why calls fail, alike ones once a second: while a dependency is away, or there is too much to do, every call fails
 * for the same reason, and a line with its causes for each would cost what the service lacks.
 */
export class Complaints {
  readonly #made = new Map<string, { atMs: number; unsaid: number }>();

  constructor(
    private readonly log: Logger,
    private readonly clock: Clock = systemClock,
  ) {}

  make(failure: Failure, subject: string): void {
    const nowMs = this.clock.now();
    const key = [subject, failure.code, failure.problem].join(' ');
    const before = this.#made.get(key);
    if (before !== undefined && nowMs - before.atMs < EVERY_MS) {
      before.unsaid += 1;
      return;
    }
    this.#made.set(key, { atMs: nowMs, unsaid: 0 });
    const unsaid = before === undefined || before.unsaid === 0 ? {} : { alike_before: before.unsaid };
    this.log.warn({ err: failure, subject, ...unsaid }, 'a call failed');
  }
}
