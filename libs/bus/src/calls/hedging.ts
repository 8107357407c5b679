import type { PartialOutage } from '../liveness/instances.js';
import { RetryBudget } from './retry-budget.js';

/** Hedges available at once when an instance goes missing: for the calls that it had accepted by then. */
const INITIAL_HEDGES = 100;
/** Delay before the first hedge of a call; then 3×, 7×, … */
const FIRST_AFTER_MS = 100;

/**
 * Decides which waiting calls are hedged: calls to a service with a missing instance are sent to a healthy instance as
 * well. Beyond the initial hedges there are only as many as calls may get lost: if the healthy instances are just slow,
 * each hedge is additional load for them.
 */
export class Hedging {
  readonly #budgets = new WeakMap<PartialOutage, RetryBudget>();

  constructor(private readonly partialOutageOf: (service: string) => PartialOutage | undefined) {}

  /** To be called for the first attempt of each call. */
  earn(service: string): void {
    const outage = this.partialOutageOf(service);
    if (outage !== undefined) this.#budgetOf(outage).earn();
  }

  /** The instance to send the call to now, if any, after so many attempts and so long a wait. */
  take(service: string, attempts: number, waitedMs: number): string | undefined {
    if (waitedMs < FIRST_AFTER_MS * (2 ** attempts - 1)) return undefined;
    const outage = this.partialOutageOf(service);
    if (outage === undefined || !this.#budgetOf(outage).take()) return undefined;
    return outage.healthy[Math.floor(Math.random() * outage.healthy.length)];
  }

  /** Each change of a service's instances begins with a new budget. */
  #budgetOf(outage: PartialOutage): RetryBudget {
    let budget = this.#budgets.get(outage);
    if (budget === undefined) {
      budget = new RetryBudget(outage.missingShare, INITIAL_HEDGES, INITIAL_HEDGES);
      this.#budgets.set(outage, budget);
    }
    return budget;
  }
}
