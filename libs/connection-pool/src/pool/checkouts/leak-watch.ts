import { log, type CounterCell } from '@mystocks/telemetry';
import type { Loan } from './checkout.js';

/** How many times in one threshold the watch looks: a leak is told within 1.25 of it. */
const LOOKS = 4;

/** Tells, once each, which connections are held too long, and by whom. One timer for all of them. */
export class LeakWatch<C> {
  readonly #timer: NodeJS.Timeout;

  constructor(
    private readonly pool: { readonly name: string; readonly leakAfterMs: number },
    private readonly loans: ReadonlySet<Loan<C>>,
    private readonly counter: CounterCell,
    private readonly found: (loan: Loan<C>) => void,
  ) {
    this.#timer = setInterval(() => {
      this.#look();
    }, pool.leakAfterMs / LOOKS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** For one that was told of and came back after all. */
  returned(loan: Loan<C>): void {
    log.warn(this.#facts(loan), 'a connection that was held too long has been returned late');
  }

  #look(): void {
    const longAgo = performance.now() - this.pool.leakAfterMs;
    for (const loan of this.loans) {
      if (loan.heldSince > longAgo || loan.isReported) continue;
      loan.isReported = true;
      this.counter.count += 1;
      log.warn({ ...this.#facts(loan), stack: loan.borrower.stack }, 'a connection is held too long');
      this.found(loan);
    }
  }

  #facts(loan: Loan<C>): object {
    const { route, requestId } = loan.borrower.context ?? {};
    const heldMs = Math.round(performance.now() - loan.lentAt);
    return { pool: this.pool.name, route, request_id: requestId, held_ms: heldMs };
  }
}
