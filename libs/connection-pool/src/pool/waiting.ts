import type { Borrower } from './borrower.js';
import type { Lease } from './loan.js';
import type { Waiter } from './waiters.js';

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
  readonly #abort: (() => void) | undefined;

  constructor(
    readonly turn: number,
    readonly who: {
      readonly borrower: Borrower;
      readonly options: AcquireOptions<C>;
      /** Moments of `performance.now()`. */
      readonly askedAt: number;
      readonly expiresAt: number;
    },
    private readonly ending: Ending<C> & { readonly abort: (reason: unknown) => void },
  ) {
    const { signal } = who.options;
    if (signal === undefined) return;
    this.#abort = () => {
      ending.abort(signal.reason);
    };
    signal.addEventListener('abort', this.#abort, { once: true });
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
