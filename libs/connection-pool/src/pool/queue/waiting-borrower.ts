import type { Borrower } from '../checkouts/borrower.js';
import type { Lease } from '../checkouts/checkout.js';
import type { Waiter } from './linked-queue.js';

export interface AcquireOptions<C> {
  /** Its abort gives the place in the queue back. */
  readonly signal?: AbortSignal | undefined;
  /** Moment after which the borrower has no use for a connection, epoch ms; the request's own by default. */
  readonly deadlineMs?: number | undefined;
  /**
   * How sure the borrower wants to be that the connection lives: `idle` asks one that lay idle for a while, `always`
   * every one that was lent before; a function is asked of every connection, and may prepare it too.
   */
  readonly ping?: 'idle' | 'always' | ((connection: C) => Promise<unknown>) | undefined;
}

/** What a borrower asks for. */
export interface Asking<C> {
  readonly borrower: Borrower;
  readonly options: AcquireOptions<C>;
  /** Moment of `performance.now()`. */
  readonly askedAt: number;
}

/** How an acquire ends. */
export interface Ending<C> {
  readonly resolve: (lease: Lease<C>) => void;
  readonly reject: (error: unknown) => void;
}

/** A borrower without a connection yet. */
export class Waiting<C> implements Waiter {
  previous?: Waiter | undefined;
  next?: Waiter | undefined;
  hasEnded = false;
  /** A connection is being opened because of it. */
  hasAsked = false;
  #abort: (() => void) | undefined;

  constructor(
    readonly turn: number,
    readonly who: Asking<C>,
    /** Moment of `performance.now()`. */
    readonly expiresAt: number,
    private readonly ending: Ending<C>,
  ) {}

  /** Has `abort` called when the borrower goes away. */
  onAbort(signal: AbortSignal, abort: () => void): void {
    this.#abort = abort;
    signal.addEventListener('abort', abort, { once: true });
  }

  serve(lease: Lease<C>): void {
    this.#end();
    this.ending.resolve(lease);
  }

  fail(error: unknown): void {
    this.#end();
    this.ending.reject(error);
  }

  #end(): void {
    this.hasEnded = true;
    if (this.#abort !== undefined) this.who.options.signal?.removeEventListener('abort', this.#abort);
  }
}
