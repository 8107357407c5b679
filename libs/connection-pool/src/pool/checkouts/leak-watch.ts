import { log, type CounterCell } from '@mystocks/telemetry';
import type { TrackedCheckout } from './checkout.js';

/** Checks in the time after which a checkout is a leak: a leak is logged within 1.25 of that time. */
const CHECKS = 4;

/** Logs, once each, which connections are held too long, and by which borrower. It has one timer for all of them. */
export class LeakWatch<C> {
  readonly #timer: NodeJS.Timeout;

  constructor(
    private readonly pool: { readonly name: string; readonly leakAfterMs: number },
    private readonly checkouts: ReadonlySet<TrackedCheckout<C>>,
    private readonly counter: CounterCell,
    private readonly onLeak: (checkout: TrackedCheckout<C>) => void,
  ) {
    this.#timer = setInterval(() => {
      this.#check();
    }, pool.leakAfterMs / CHECKS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** To be called when a checkout that was logged as a leak is released after all. */
  releasedLate(checkout: TrackedCheckout<C>): void {
    log.warn(this.#fields(checkout), 'a connection that was held too long has been returned late');
  }

  #check(): void {
    const leakedBefore = performance.now() - this.pool.leakAfterMs;
    for (const checkout of this.checkouts) {
      if (checkout.heldSince > leakedBefore || checkout.isReported) continue;
      checkout.isReported = true;
      this.counter.count += 1;
      log.warn({ ...this.#fields(checkout), stack: checkout.borrower.stack }, 'a connection is held too long');
      this.onLeak(checkout);
    }
  }

  #fields({ borrower, startedAt }: TrackedCheckout<C>): object {
    const { route, requestId } = borrower.context ?? {};
    const heldMs = Math.round(performance.now() - startedAt);
    return { pool: this.pool.name, route, request_id: requestId, held_ms: heldMs };
  }
}
