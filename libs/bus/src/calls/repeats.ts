import type { Absence } from '../liveness/publishers.js';
import { RetryBudget } from './retry-budget.js';

/** Published once more at once when an instance has just been missed: calls that were in its hands then. */
const AT_ONCE_MAX = 100;
/** So long a call has waited when it is published once more; after three times that again, after seven times, … */
const AFTER_MS = 100;

/**
 * Which calls are published once more while they wait: those to a service of which an instance is missing, and to one
 * that is not. No more of them than get lost, but for the first: were the others only slow, they would be asked that
 * much more.
 */
export class Repeats {
  readonly #budgets = new WeakMap<Absence, RetryBudget>();

  constructor(private readonly absenceOf: (service: string) => Absence | undefined) {}

  /** A first attempt was made. */
  earn(service: string): void {
    const absence = this.absenceOf(service);
    if (absence !== undefined) this.#budgetOf(absence).earn();
  }

  /** Which instance is to be asked now, if any, after so many attempts and ms. */
  take(service: string, attempts: number, waitedMs: number): string | undefined {
    if (waitedMs < AFTER_MS * (2 ** attempts - 1)) return undefined;
    const absence = this.absenceOf(service);
    if (absence === undefined || !this.#budgetOf(absence).take()) return undefined;
    return absence.living[Math.floor(Math.random() * absence.living.length)];
  }

  #budgetOf(absence: Absence): RetryBudget {
    let budget = this.#budgets.get(absence);
    if (budget === undefined) {
      budget = new RetryBudget(absence.loss, AT_ONCE_MAX, AT_ONCE_MAX);
      this.#budgets.set(absence, budget);
    }
    return budget;
  }
}
