import { ownerOf, type Call, type FailureCode } from '@mystocks/contracts';
import { metrics, type HistogramCell } from '@mystocks/telemetry';
import { codecOf, type Codec } from '../wire/codec.js';
import { RetryBudget } from './retry-budget.js';

/** What the call client needs to know about a contract. */
export interface Route {
  readonly subject: string;
  readonly owner: string;
  readonly effect: Call['effect'];
  readonly request: Codec<object>;
  readonly response: Codec<object>;
  /** Shared by all calls to the owner. */
  readonly budget: RetryBudget;
  readonly cells: Map<string, HistogramCell>;
  readonly succeeded: HistogramCell;
}

/** The routes of all contracts that were called so far. A route is built at the first call of its contract. */
export class Routes {
  readonly #routes = new Map<Call, Route>();
  readonly #budgets = new Map<string, RetryBudget>();

  of(call: Call): Route {
    return this.#routes.get(call) ?? this.#build(call);
  }

  #build(call: Call): Route {
    const { subject, effect } = call;
    const owner = ownerOf(call);
    const budget = this.#budgets.get(owner) ?? new RetryBudget();
    this.#budgets.set(owner, budget);
    const succeeded = metrics.busCalls.cell(subject, 'ok');
    const route: Route = {
      subject,
      owner,
      effect,
      request: codecOf(call.request),
      response: codecOf(call.response),
      budget,
      cells: new Map([['ok', succeeded]]),
      succeeded,
    };
    this.#routes.set(call, route);
    return route;
  }
}

/** The cell of the metric that counts the calls of `route` with that outcome. */
export function outcomeOf(route: Route, outcome: FailureCode): HistogramCell {
  const known = route.cells.get(outcome);
  if (known !== undefined) return known;
  const cell = metrics.busCalls.cell(route.subject, outcome);
  route.cells.set(outcome, cell);
  return cell;
}
