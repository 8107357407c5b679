import type { CounterCell } from '@mystocks/telemetry';
import { PoolTimeout } from '../checkouts/pool-errors.js';
import { LinkedQueue } from './linked-queue.js';
import { SharedTimer } from './shared-timer.js';
import { WaitingBorrower, type AcquireCallbacks, type AcquireRequest } from './waiting-borrower.js';

/** The borrowers that wait for a connection of one pool: queued, or while a connection is being pinged for them. */
export class WaitQueue<C> {
  readonly #queue = new LinkedQueue<WaitingBorrower<C>>();
  readonly #pinging = new Set<WaitingBorrower<C>>();
  readonly #timer = new SharedTimer(() => this.#expire());
  #turn = 0;

  constructor(
    private readonly pool: { readonly name: string; readonly acquireTimeoutMs: number },
    private readonly timeouts: CounterCell,
    /** Called when a borrower has left without a connection. */
    private readonly onLeft: () => void,
  ) {}

  /** Number of borrowers that get the next connections. */
  get queued(): number {
    return this.#queue.size;
  }

  get size(): number {
    return this.#queue.size + this.#pinging.size;
  }

  /** Adds a borrower at the end, which waits for at most `maxWaitMs`. */
  join(request: AcquireRequest<C>, maxWaitMs: number, callbacks: AcquireCallbacks<C>): void {
    const expiresAt = request.requestedAt + Math.min(this.pool.acquireTimeoutMs, maxWaitMs);
    const waiting = new WaitingBorrower<C>((this.#turn += 1), request, expiresAt, callbacks);
    const { signal } = request.options;
    if (signal !== undefined) {
      waiting.onAbort(signal, () => {
        this.#reject(waiting, signal.reason);
      });
    }
    this.#queue.add(waiting);
    this.#timer.fireBy(expiresAt);
  }

  /** Takes the first borrower out of the queue. */
  next(): WaitingBorrower<C> | undefined {
    return this.#queue.shift();
  }

  /** The borrower to open a connection for: the first one for which none is being opened, else the first one. */
  nextToOpenFor(): WaitingBorrower<C> | undefined {
    for (const waiting of this.#queue) if (!waiting.hasOpenRequest) return waiting;
    return this.#queue.first;
  }

  /**
   * Waits for the ping of a connection for a borrower that was taken out of the queue. Returns the ping's error, and
   * whether the borrower still waits.
   */
  async whilePinging(
    waiting: WaitingBorrower<C>,
    ping: Promise<unknown>,
  ): Promise<{ isWanted: boolean; failure: unknown }> {
    this.#pinging.add(waiting);
    const failure = await ping.then(
      () => undefined,
      (error: unknown) => error ?? new Error('the ping failed without an error'),
    );
    return { isWanted: this.#pinging.delete(waiting), failure };
  }

  /** Puts a borrower back to its former place. */
  rejoin(waiting: WaitingBorrower<C>): void {
    waiting.hasOpenRequest = false;
    this.#queue.add(waiting);
  }

  /** Rejects a borrower, unless it has ended meanwhile or another connection is being pinged for it. */
  fail(waiting: WaitingBorrower<C>, error: unknown): void {
    if (!waiting.hasEnded && !this.#pinging.has(waiting)) this.#reject(waiting, error);
  }

  stop(): void {
    this.#timer.stop();
  }

  #reject(waiting: WaitingBorrower<C>, error: unknown): void {
    if (!this.#pinging.delete(waiting)) this.#queue.remove(waiting);
    waiting.fail(error);
    this.onLeft();
  }

  /** Rejects the borrowers whose time is over; returns when the next one's is. */
  #expire(): number {
    const now = performance.now();
    let next = Infinity;
    for (const waiting of [...this.#pinging, ...this.#queue]) {
      const { expiresAt, request } = waiting;
      if (expiresAt > now) next = Math.min(next, expiresAt);
      else {
        this.timeouts.count += 1;
        this.#reject(waiting, new PoolTimeout(this.pool.name, now - request.requestedAt));
      }
    }
    return next;
  }
}
