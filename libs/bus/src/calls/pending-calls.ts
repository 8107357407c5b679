import type { Failure } from '@mystocks/contracts';
import { outcomeOf, type Route } from './routes.js';

/** One call that waits for its answer. */
export interface PendingCall {
  readonly id: string;
  readonly route: Route;
  readonly payload: Buffer;
  readonly head: Buffer;
  readonly deadlineMs: number;
  readonly startedAt: number;
  readonly resolve: (value: object) => void;
  readonly reject: (failure: Failure) => void;
  mayRetry: boolean;
  /** How often it was published; `Infinity` when it must not be hedged any more. */
  attempts: number;
  /** Number of attempts without a reply so far. */
  open: number;
}

/** The calls under way. Each ends once: its outcome is counted and its promise settled. */
export class PendingCalls implements Iterable<PendingCall> {
  readonly #calls = new Map<string, PendingCall>();
  #whenIdle: (() => void) | undefined;

  get size(): number {
    return this.#calls.size;
  }

  add(call: PendingCall): void {
    this.#calls.set(call.id, call);
  }

  get(id: string): PendingCall | undefined {
    return this.#calls.get(id);
  }

  [Symbol.iterator](): Iterator<PendingCall> {
    return this.#calls.values();
  }

  resolve(call: PendingCall, value: object): void {
    this.#calls.delete(call.id);
    call.route.succeeded.observe(secondsSince(call.startedAt));
    call.resolve(value);
    this.#checkIdle();
  }

  reject(call: PendingCall, failure: Failure): void {
    this.#calls.delete(call.id);
    outcomeOf(call.route, failure.code).observe(secondsSince(call.startedAt));
    call.reject(failure);
    this.#checkIdle();
  }

  rejectAll(makeFailure: () => Failure): void {
    for (const call of [...this]) this.reject(call, makeFailure());
  }

  /** Resolves when no call is under way. */
  async idle(): Promise<void> {
    if (this.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#whenIdle = resolve;
    });
  }

  #checkIdle(): void {
    if (this.#whenIdle === undefined || this.size > 0) return;
    this.#whenIdle();
    this.#whenIdle = undefined;
  }
}

const secondsSince = (startedAt: number): number => (performance.now() - startedAt) / 1_000;
