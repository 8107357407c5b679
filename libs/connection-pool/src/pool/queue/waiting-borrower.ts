import type { Borrower } from '../checkouts/borrower.js';
import type { Checkout } from '../checkouts/checkout.js';
import type { QueueEntry } from './linked-queue.js';

export interface AcquireOptions<C> {
  /** Its abort removes the borrower from the queue. */
  readonly signal?: AbortSignal | undefined;
  /** The moment after which the borrower cannot use a connection, epoch ms; by default the deadline of the request. */
  readonly deadlineMs?: number | undefined;
  /**
   * How certain the borrower must be that the connection is alive: `idle` pings one that was idle for a while, `always`
   * every one that is not new; a function is run on every connection in place of the ping, and may prepare it too.
   */
  readonly ping?: 'idle' | 'always' | ((connection: C) => Promise<unknown>) | undefined;
}

/** A request for a connection. */
export interface AcquireRequest<C> {
  readonly borrower: Borrower;
  readonly options: AcquireOptions<C>;
  /** Moment of `performance.now()`. */
  readonly requestedAt: number;
}

/** The functions that settle the promise of an acquire. */
export interface AcquireCallbacks<C> {
  readonly resolve: (checkout: Checkout<C>) => void;
  readonly reject: (error: unknown) => void;
}

/** A borrower that has no connection yet. */
export class WaitingBorrower<C> implements QueueEntry {
  previous?: QueueEntry | undefined;
  next?: QueueEntry | undefined;
  hasEnded = false;
  /** A connection is being opened because of this borrower. */
  hasOpenRequest = false;
  #abort: (() => void) | undefined;

  constructor(
    readonly turn: number,
    readonly request: AcquireRequest<C>,
    /** Moment of `performance.now()`. */
    readonly expiresAt: number,
    private readonly callbacks: AcquireCallbacks<C>,
  ) {}

  /** Calls `abort` when the borrower aborts its request. */
  onAbort(signal: AbortSignal, abort: () => void): void {
    this.#abort = abort;
    signal.addEventListener('abort', abort, { once: true });
  }

  serve(checkout: Checkout<C>): void {
    this.#end();
    this.callbacks.resolve(checkout);
  }

  fail(error: unknown): void {
    this.#end();
    this.callbacks.reject(error);
  }

  #end(): void {
    this.hasEnded = true;
    if (this.#abort !== undefined) this.request.options.signal?.removeEventListener('abort', this.#abort);
  }
}
