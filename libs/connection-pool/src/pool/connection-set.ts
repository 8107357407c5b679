import { log } from '@mystocks/telemetry';
import type { Connector } from './connector.js';
import type { Member } from './checkouts/checkout.js';
import type { Settled } from './pool-options.js';
import { lifetimeMs } from './lifetime.js';

/** The connections a pool has: those that lie idle, and how many there are, may be, and are on their way. */
export class Stock<C> {
  readonly #members = new Set<Member<C>>();
  readonly #idle: Member<C>[] = [];
  readonly #phase = Math.random();
  #opening = 0;
  #opened = 0;
  #closing = 0;
  /** Connections that others need more; closed when they are not in use. */
  #excess = 0;

  constructor(
    private readonly options: Settled,
    private readonly connector: Connector<C>,
    /** A connection is gone: another may be opened. */
    private readonly gone: () => void,
  ) {
    options.budget?.onExcess((count) => {
      this.#excess = count;
      for (const member of this.#idle.splice(0, count)) this.discard(member);
    });
  }

  get size(): number {
    return this.#members.size;
  }

  get idle(): number {
    return this.#idle.length;
  }

  get opening(): number {
    return this.#opening;
  }

  get isEmpty(): boolean {
    return this.#members.size + this.#opening + this.#closing === 0;
  }

  /** Room by the pool's own limit; the budget of the server is asked when one is opened. */
  get hasRoom(): boolean {
    return this.#members.size + this.#opening < this.options.size + this.options.overflow;
  }

  /** The one used last, so that the others can be seen to be too many; one that has lived long enough is closed. */
  takeIdle(now: number): Member<C> | undefined {
    for (;;) {
      const member = this.#idle.pop();
      if (member === undefined || member.retiresAt > now) return member;
      this.discard(member);
    }
  }

  /** Not to be lent again: dead, too old, or others need its place more. */
  isDone(member: Member<C>, now: number): boolean {
    return member.isLost || (!member.isNew && (member.retiresAt <= now || this.#excess > 0));
  }

  /** Lays a connection down, unless `size` lie there already: then it is closed. */
  layDown(member: Member<C>): void {
    member.isNew = false;
    if (this.#idle.length < this.options.size) this.#idle.push(member);
    else this.discard(member);
  }

  /** Opens one more; undefined when the budget of the server has no right left. */
  async open(): Promise<Member<C> | undefined> {
    const { budget, size, recycleMs } = this.options;
    this.#opening += 1;
    try {
      const use = this.#members.size + this.#opening <= size ? 'kept' : 'overflow';
      if (budget !== undefined && !(await budget.take(use))) return undefined;
      const connection = await this.#connect();
      const retiresAt = performance.now() + lifetimeMs(recycleMs, (this.#opened += 1), this.#phase);
      const member: Member<C> = {
        connection,
        retiresAt,
        wasLent: false,
        isNew: true,
        isLost: false,
        idleSince: performance.now(),
      };
      this.#members.add(member);
      this.connector.onLost?.(connection, () => {
        this.#lose(member);
      });
      return member;
    } finally {
      this.#opening -= 1;
    }
  }

  /** Closes a connection; its place is free at once, its right in the budget when the server has let it go. */
  discard(member: Member<C>): void {
    if (!this.#members.delete(member)) return;
    this.#closing += 1;
    this.#excess = Math.max(0, this.#excess - 1);
    this.connector
      .close(member.connection)
      .catch((error: unknown) => {
        log.warn({ pool: this.options.name, err: error }, 'a connection did not close in an orderly way');
      })
      .finally(() => {
        this.#closing -= 1;
        this.options.budget?.give();
        this.gone();
      });
  }

  /** Closes all that lie idle. */
  clear(): void {
    for (const member of this.#idle.splice(0)) this.discard(member);
  }

  async #connect(): Promise<C> {
    try {
      return await this.connector.open();
    } catch (error) {
      this.options.budget?.give();
      throw error;
    }
  }

  #lose(member: Member<C>): void {
    member.isLost = true;
    const place = this.#idle.indexOf(member);
    if (place === -1) return;
    this.#idle.splice(place, 1);
    this.discard(member);
  }
}
