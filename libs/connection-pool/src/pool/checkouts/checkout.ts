import type { Borrower } from './borrower.js';
import { CheckoutEnded } from './pool-errors.js';

/** A connection taken from the pool, for the borrower's use until it is released. */
export interface Checkout<C> {
  /** Throws `CheckoutEnded` once the connection was released, or reclaimed as a leak. */
  readonly connection: C;
  /** No borrower has used the connection before. */
  readonly isFresh: boolean;
  /** The pool took the connection back because it was held too long, and closed it. */
  readonly isReclaimed: boolean;
  /** Restarts the time after which the checkout counts as a leak; for borrowers that work for long. */
  renew(): void;
  /** Checks the connection in. A broken one (dead, without an answer, in an unknown state) is closed. */
  release(broken?: boolean): void;
}

/** A connection of a pool, with what the pool knows about it. */
export interface PooledConnection<C> {
  readonly connection: C;
  /** From this moment on it is replaced as soon as it is not in use. */
  readonly retiresAt: number;
  wasUsed: boolean;
  /** It was just opened and has been neither in use nor idle, so it cannot have died unnoticed. */
  isNew: boolean;
  isLost: boolean;
  idleSince: number;
}

/** A checkout, as the pool keeps track of it. */
export class TrackedCheckout<C> implements Checkout<C> {
  readonly isFresh: boolean;
  /** It was held too long, and that has been logged. */
  isReported = false;
  /** The moment of `performance.now()` from which the time to a leak is measured. */
  heldSince: number;
  #ended: 'released' | 'reclaimed' | undefined;

  constructor(
    private readonly pool: {
      readonly name: string;
      readonly checkIn: (one: TrackedCheckout<C>, broken: boolean) => void;
    },
    readonly pooled: PooledConnection<C>,
    readonly borrower: Borrower,
    readonly startedAt: number,
  ) {
    this.isFresh = !pooled.wasUsed;
    this.heldSince = startedAt;
  }

  get connection(): C {
    if (this.#ended !== undefined) throw new CheckoutEnded(this.pool.name, this.#ended);
    return this.pooled.connection;
  }

  get isReclaimed(): boolean {
    return this.#ended === 'reclaimed';
  }

  /** Its borrower needs longer than others on purpose, so it says nothing about how long other checkouts last. */
  get isRenewed(): boolean {
    return this.heldSince !== this.startedAt;
  }

  renew(): void {
    this.heldSince = performance.now();
  }

  release(broken = false): void {
    if (this.#ended === 'released') throw new CheckoutEnded(this.pool.name, 'released');
    this.pool.checkIn(this, broken);
    this.#ended = 'released';
  }

  /** Ends the checkout without its borrower. */
  reclaim(): void {
    this.#ended = 'reclaimed';
  }
}
