import type { Borrower } from './borrower.js';
import { LeaseOver } from './pool-errors.js';

/** The right to use one connection until it is given back. */
export interface Lease<C> {
  /** Fails with `LeaseOver` when it was given back, or taken back as a leak. */
  readonly connection: C;
  /** The connection was never lent before. */
  readonly isFresh: boolean;
  /** It was held too long and taken back; its connection is closed. */
  readonly isReclaimed: boolean;
  /** The holder is at work: the time after which it is taken for a leak begins anew. */
  renew(): void;
  /** Gives the connection back; a broken one (unknown state, silent, dead) is closed instead of being lent again. */
  release(broken?: boolean): void;
}

/** A connection of a pool, with what the pool knows about it. */
export interface Member<C> {
  readonly connection: C;
  /** When it has lived long enough: it is replaced the next time it is not in use. */
  readonly retiresAt: number;
  wasLent: boolean;
  /** Opened a moment ago: neither lent nor laid down yet, so it cannot have died unseen. */
  isNew: boolean;
  isLost: boolean;
  idleSince: number;
}

/** A lease as the pool sees it. */
export class Loan<C> implements Lease<C> {
  readonly isFresh: boolean;
  /** Held too long, and that has been told. */
  isReported = false;
  /** Moment of `performance.now()` from which a leak is reckoned. */
  heldSince: number;
  #over: 'released' | 'reclaimed' | undefined;

  constructor(
    private readonly owner: { readonly name: string; readonly giveBack: (loan: Loan<C>, broken: boolean) => void },
    readonly member: Member<C>,
    readonly borrower: Borrower,
    readonly lentAt: number,
  ) {
    this.isFresh = !member.wasLent;
    this.heldSince = lentAt;
  }

  get connection(): C {
    if (this.#over !== undefined) throw new LeaseOver(this.owner.name, this.#over);
    return this.member.connection;
  }

  get isReclaimed(): boolean {
    return this.#over === 'reclaimed';
  }

  /** Long on purpose: it says nothing about how long others will be. */
  get isRenewed(): boolean {
    return this.heldSince !== this.lentAt;
  }

  renew(): void {
    this.heldSince = performance.now();
  }

  release(broken = false): void {
    if (this.#over === 'released') throw new LeaseOver(this.owner.name, 'released');
    this.owner.giveBack(this, broken);
    this.#over = 'released';
  }

  /** Ends the lease without its holder. */
  reclaim(): void {
    this.#over = 'reclaimed';
  }
}
