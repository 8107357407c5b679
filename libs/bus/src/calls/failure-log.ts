import type { Failure } from '@mystocks/contracts';
import { systemClock, type Clock } from '@mystocks/kernel';
import type { Logger } from '@mystocks/telemetry';

const EVERY_MS = 1_000;

/**
 * Logs why calls fail, similar failures once a second: while a dependency is down or the service is overloaded, every
 * call fails for the same reason, and writing a line for each of them would add to the load.
 */
export class FailureLog {
  readonly #lastLogged = new Map<string, { atMs: number; suppressed: number }>();

  constructor(
    private readonly log: Logger,
    private readonly clock: Clock = systemClock,
  ) {}

  write(failure: Failure, subject: string): void {
    const nowMs = this.clock.now();
    const key = [subject, failure.code, failure.problem].join(' ');
    const last = this.#lastLogged.get(key);
    if (last !== undefined && nowMs - last.atMs < EVERY_MS) {
      last.suppressed += 1;
      return;
    }
    this.#lastLogged.set(key, { atMs: nowMs, suppressed: 0 });
    const suppressed = last === undefined || last.suppressed === 0 ? {} : { alike_before: last.suppressed };
    this.log.warn({ err: failure, subject, ...suppressed }, 'a call failed');
  }
}
