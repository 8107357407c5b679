import { Failure } from '@mystocks/contracts';
import { compareLsn, type Lsn } from '@mystocks/kernel';
import type pg from 'pg';
import { LeaseOver } from '../../pool/checkouts/pool-errors.js';
import type { PoolOptions } from '../../pool/pool-options.js';
import { Pool } from '../../pool/pool.js';
import { FleetBudget } from '../budget/fleet-budget.js';
import { Monitor, type Sighting } from './server-monitor.js';
import { PgConnector } from '../connections/pg-connector.js';
import { isConnectionLoss, isSilent } from '../connections/pg-failure.js';
import type { Sight } from './server-state.js';
import { isUnusable } from '../connections/transaction.js';

/**
 * What a server is now: `fenced` was primary before another was promoted and takes no part; `away` cannot be reached,
 * or has not been looked at yet.
 */
export type NodeRole = 'primary' | 'replica' | 'fenced' | 'away';

export interface PostgresNodeOptions extends Omit<PoolOptions, 'role' | 'server' | 'budget'> {
  readonly url: string;
  readonly statementTimeoutMs: number;
  /** Connections to this server of all services together; see {@link FleetBudget}. */
  readonly fleetBudget?: number | undefined;
  /** It is one of several, so a monitor looks at it. */
  readonly isWatched: boolean;
}

/** What is done with a borrowed connection; `renew` says that it goes on, where it takes longer than others' work. */
export type Work<T> = (client: pg.Client, renew: () => void) => Promise<T>;

/** One server: its pool, and what is known about it. {@link Topology} keeps that up to date. */
export class PostgresNode {
  /** `host:port`. */
  readonly address: string;
  readonly pool: Pool<pg.Client>;
  readonly monitor: Monitor;
  role: NodeRole = 'away';
  /** Undefined while it cannot be reached. */
  sight: Sight | undefined;
  /** A replica's, while there is a primary to compare with. */
  lagMs: number | undefined;
  /** A replica near enough to be read. */
  isNear = false;
  /** It says that it is the primary, and the other servers were asked after that. */
  isProven = false;
  /** It could not be reached when it was asked last, and that was told. */
  isMissed = false;
  readonly #budget: FleetBudget;
  /** Reads under way that another server could serve. */
  readonly #readers = new Set<AbortController>();
  #connection = 0;
  #replayed: Lsn | undefined;

  constructor(options: PostgresNodeOptions) {
    const { url, statementTimeoutMs, fleetBudget, isWatched, ...pool } = options;
    const { name } = pool;
    this.address = addressOf(url);
    this.monitor = new Monitor({ url, name: `${name} monitor` });
    this.#budget = new FleetBudget({ url, name, budget: fleetBudget, beside: isWatched ? 2 : 1 });
    this.pool = new Pool(
      { ...pool, budget: this.#budget, role: () => this.role, server: this.address },
      new PgConnector({ url, name, statementTimeoutMs }),
    );
  }

  get saysPrimary(): boolean {
    return this.sight !== undefined && !this.sight.inRecovery;
  }

  /** Borrowers it has, those included who wait: one that hangs lends nothing, and must not look idle for that. */
  get load(): number {
    const { lent, waiting } = this.pool.status();
    return lent + waiting;
  }

  saw({ sight, connection }: Sighting): void {
    const isNew = connection !== this.#connection;
    if (isNew || sight.inRecovery) this.isProven = false;
    if (isNew) this.#replayed = undefined;
    this.#connection = connection;
    this.sight = sight;
    if (sight.inRecovery) this.replayed(sight.lsn);
  }

  lost(): void {
    this.sight = undefined;
    this.isProven = false;
    this.#replayed = undefined;
    for (const reader of this.#readers) reader.abort(new Error('Connection terminated: its server does not answer'));
  }

  /** A replica has said that it shows everything up to `lsn`. */
  replayed(lsn: Lsn): void {
    if (!this.hasReplayed(lsn)) this.#replayed = lsn;
  }

  /** As far as is known without asking. */
  hasReplayed(lsn: Lsn): boolean {
    return this.#replayed !== undefined && compareLsn(this.#replayed, lsn) >= 0;
  }

  /**
   * Borrows a connection for `work`. Connections that died while they lay idle say so only when they are used: they are
   * replaced unseen as long as the work may run again. One never lent before may have lain there too, but a server that
   * loses several of them is not well.
   */
  async borrow<T>(work: Work<T>, mayRunAgain: () => boolean = () => true, signal?: AbortSignal): Promise<T> {
    for (let freshLost = 0; ;) {
      const lease = await this.pool.acquire({ signal });
      const client = lease.connection;
      try {
        const result = await work(client, () => {
          lease.renew();
        });
        lease.release();
        return result;
      } catch (error) {
        const isLost = isConnectionLoss(error);
        const { isReclaimed } = lease;
        lease.release(isLost || isSilent(error) || isUnusable(client));
        // Not lost but taken away, for being held too long: once more would be that again. What a Failure says stays said.
        if (isReclaimed && !(error instanceof Failure)) throw new LeaseOver(this.pool.name, 'reclaimed');
        if (lease.isFresh) freshLost += 1;
        if (!isLost || freshLost > FRESH_LOST_MAX || !mayRunAgain()) throw error;
      }
    }
  }

  /** {@link borrow} for a read that another server can serve: it ends when this one is found to be away. */
  async borrowWhileHere<T>(work: Work<T>): Promise<T> {
    const here = new AbortController();
    this.#readers.add(here);
    try {
      return await this.borrow(
        (client, renew) => {
          here.signal.onabort = () => {
            client.connection.stream.destroy();
          };
          return work(client, renew);
        },
        () => !here.signal.aborted,
        here.signal,
      );
    } finally {
      this.#readers.delete(here);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.monitor.close(), this.pool.end()]);
    await this.#budget.close();
  }
}

const FRESH_LOST_MAX = 2;
const POSTGRES_PORT = '5432';

function addressOf(url: string): string {
  const { hostname, port } = new URL(url);
  return `${hostname}:${port === '' ? POSTGRES_PORT : port}`;
}
