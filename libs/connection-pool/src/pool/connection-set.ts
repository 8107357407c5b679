import { log } from '@mystocks/telemetry';
import type { PooledConnection } from './checkouts/checkout.js';
import type { Connector } from './connector.js';
import { lifetimeMs } from './lifetime.js';
import type { ResolvedOptions } from './pool-options.js';

/** The connections of a pool: those in use, the idle ones, and those being opened or closed. */
export class ConnectionSet<C> {
  readonly #open = new Set<PooledConnection<C>>();
  readonly #idle: PooledConnection<C>[] = [];
  readonly #phase = Math.random();
  #opening = 0;
  #opened = 0;
  #closing = 0;
  /** Number of connections whose permits other pools need; so many are closed as they become idle. */
  #excess = 0;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly connector: Connector<C>,
    /** Called when a connection is closed, so that another may be opened. */
    private readonly onClosed: () => void,
  ) {
    options.budget?.onExcess((count) => {
      this.#excess = count;
      for (const pooled of this.#idle.splice(0, count)) this.close(pooled);
    });
  }

  get size(): number {
    return this.#open.size;
  }

  get idle(): number {
    return this.#idle.length;
  }

  get opening(): number {
    return this.#opening;
  }

  get isEmpty(): boolean {
    return this.#open.size + this.#opening + this.#closing === 0;
  }

  /** The pool's own limit allows another connection. The budget of the server is asked when one is opened. */
  get hasRoom(): boolean {
    return this.#open.size + this.#opening < this.options.size + this.options.overflow;
  }

  /** The connection that became idle last; those whose lifetime is over are closed on the way. */
  takeIdle(now: number): PooledConnection<C> | undefined {
    for (;;) {
      const pooled = this.#idle.pop();
      if (pooled === undefined || pooled.retiresAt > now) return pooled;
      this.close(pooled);
    }
  }

  /** The connection must not be used again: it is dead, its lifetime is over, or another pool needs its permit. */
  mustClose(pooled: PooledConnection<C>, now: number): boolean {
    return pooled.isLost || (!pooled.isNew && (pooled.retiresAt <= now || this.#excess > 0));
  }

  /** Keeps a connection as idle, or closes it when `size` connections are idle. */
  putIdle(pooled: PooledConnection<C>): void {
    pooled.isNew = false;
    if (this.#idle.length < this.options.size) this.#idle.push(pooled);
    else this.close(pooled);
  }

  /** Opens a connection; undefined when the budget of the server has no permit left. */
  async open(): Promise<PooledConnection<C> | undefined> {
    const { budget, size, recycleMs } = this.options;
    this.#opening += 1;
    try {
      const use = this.#open.size + this.#opening <= size ? 'kept' : 'overflow';
      if (budget !== undefined && !(await budget.take(use))) return undefined;
      const connection = await this.#connect();
      const retiresAt = performance.now() + lifetimeMs(recycleMs, (this.#opened += 1), this.#phase);
      const pooled: PooledConnection<C> = {
        connection,
        retiresAt,
        wasUsed: false,
        isNew: true,
        isLost: false,
        idleSince: performance.now(),
      };
      this.#open.add(pooled);
      this.connector.onLost?.(connection, () => {
        this.#lose(pooled);
      });
      return pooled;
    } finally {
      this.#opening -= 1;
    }
  }

  /** Closes a connection. Its place is free at once; its permit is given back when the server has closed it as well. */
  close(pooled: PooledConnection<C>): void {
    if (!this.#open.delete(pooled)) return;
    this.#closing += 1;
    this.#excess = Math.max(0, this.#excess - 1);
    this.connector
      .close(pooled.connection)
      .catch((error: unknown) => {
        log.warn({ pool: this.options.name, err: error }, 'a connection did not close in an orderly way');
      })
      .finally(() => {
        this.#closing -= 1;
        this.options.budget?.give();
        this.onClosed();
      });
  }

  closeIdle(): void {
    for (const pooled of this.#idle.splice(0)) this.close(pooled);
  }

  async #connect(): Promise<C> {
    try {
      return await this.connector.open();
    } catch (error) {
      this.options.budget?.give();
      throw error;
    }
  }

  #lose(pooled: PooledConnection<C>): void {
    pooled.isLost = true;
    const place = this.#idle.indexOf(pooled);
    if (place === -1) return;
    this.#idle.splice(place, 1);
    this.close(pooled);
  }
}
