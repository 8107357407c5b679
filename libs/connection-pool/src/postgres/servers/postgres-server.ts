import { Failure } from '@mystocks/contracts';
import { compareLsn, type Lsn } from '@mystocks/kernel';
import type pg from 'pg';
import { CheckoutEnded } from '../../pool/checkouts/pool-errors.js';
import type { PoolOptions } from '../../pool/pool-options.js';
import { Pool } from '../../pool/pool.js';
import { FleetBudget } from '../budget/fleet-budget.js';
import { ServerMonitor, type MonitorReading } from './server-monitor.js';
import { PgConnector } from '../connections/pg-connector.js';
import { isConnectionLoss, isUnanswered } from '../connections/pg-failure.js';
import type { ServerState } from './server-state.js';
import { isUnusable } from '../connections/transaction.js';

/**
 * The current role of a server. `fenced`: it was the primary before another one was promoted, and is not used. `away`: it
 * cannot be reached, or its state has not been read yet.
 */
export type ServerRole = 'primary' | 'replica' | 'fenced' | 'away';

export interface PostgresServerOptions extends Omit<PoolOptions, 'role' | 'server' | 'budget'> {
  readonly url: string;
  readonly statementTimeoutMs: number;
  /** Number of connections to this server of all services together; see {@link FleetBudget}. */
  readonly fleetBudget?: number | undefined;
  /** It is one of several servers, so its state is monitored. */
  readonly isMonitored: boolean;
}

/** What a borrower does with a connection. Long work calls `renew`, so that it does not count as a leak. */
export type Work<T> = (client: pg.Client, renew: () => void) => Promise<T>;

/** One server: its pool, and what is known about its state, which {@link Topology} keeps up to date. */
export class PostgresServer {
  /** `host:port`. */
  readonly address: string;
  readonly pool: Pool<pg.Client>;
  readonly monitor: ServerMonitor;
  role: ServerRole = 'away';
  /** Undefined while the server cannot be reached. */
  state: ServerState | undefined;
  /** The lag of a replica, while there is a primary to compare with. */
  lagMs: number | undefined;
  /** It is a replica whose lag is small enough to read from it. */
  isInRotation = false;
  /** It reports that it is the primary, and after that the states of the other servers were read. */
  isConfirmed = false;
  /** Its last reading failed, and that was logged. */
  isLoggedAway = false;
  readonly #budget: FleetBudget;
  /** Reads under way that another server could serve instead. */
  readonly #readers = new Set<AbortController>();
  #connection = 0;
  #replayed: Lsn | undefined;

  constructor(options: PostgresServerOptions) {
    const { url, statementTimeoutMs, fleetBudget, isMonitored, ...pool } = options;
    const { name } = pool;
    this.address = addressOf(url);
    this.monitor = new ServerMonitor({ url, name: `${name} monitor` });
    this.#budget = new FleetBudget({ url, name, budget: fleetBudget, beside: isMonitored ? 2 : 1 });
    this.pool = new Pool(
      { ...pool, budget: this.#budget, role: () => this.role, server: this.address },
      new PgConnector({ url, name, statementTimeoutMs }),
    );
  }

  get claimsPrimary(): boolean {
    return this.state !== undefined && !this.state.inRecovery;
  }

  /** Number of its borrowers, including the waiting ones: a server that hangs must not look idle. */
  get load(): number {
    const { inUse, waiting } = this.pool.status();
    return inUse + waiting;
  }

  update({ state, connection }: MonitorReading): void {
    const isNew = connection !== this.#connection;
    if (isNew || state.inRecovery) this.isConfirmed = false;
    if (isNew) this.#replayed = undefined;
    this.#connection = connection;
    this.state = state;
    if (state.inRecovery) this.replayed(state.lsn);
  }

  /** The server does not answer: reads under way on it are aborted, so that another server serves them. */
  markAway(): void {
    this.state = undefined;
    this.isConfirmed = false;
    this.#replayed = undefined;
    for (const reader of this.#readers) reader.abort(new Error('Connection terminated: its server does not answer'));
  }

  /** To be called when the replica has reported that it has replayed the log up to `lsn`. */
  replayed(lsn: Lsn): void {
    if (!this.hasReplayed(lsn)) this.#replayed = lsn;
  }

  /** As far as it is known without asking the server. */
  hasReplayed(lsn: Lsn): boolean {
    return this.#replayed !== undefined && compareLsn(this.#replayed, lsn) >= 0;
  }

  /**
   * Runs `work` on a connection of the pool. That a connection died while it was idle shows only when it is used: then the
   * work runs again on another one, as long as it may. A fresh connection may have been idle as well, but when three of
   * them are lost, the server itself has a problem and the error is thrown.
   */
  async withConnection<T>(work: Work<T>, mayRunAgain: () => boolean = () => true, signal?: AbortSignal): Promise<T> {
    for (let freshLost = 0; ;) {
      const checkout = await this.pool.acquire({ signal });
      const client = checkout.connection;
      try {
        const result = await work(client, () => {
          checkout.renew();
        });
        checkout.release();
        return result;
      } catch (error) {
        const isLost = isConnectionLoss(error);
        const { isReclaimed } = checkout;
        checkout.release(isLost || isUnanswered(error) || isUnusable(client));
        // The pool reclaimed the connection because the work took too long; a second run would take as long. A Failure that
        // the work has thrown is kept.
        if (isReclaimed && !(error instanceof Failure)) throw new CheckoutEnded(this.pool.name, 'reclaimed');
        if (checkout.isFresh) freshLost += 1;
        if (!isLost || freshLost > FRESH_LOST_MAX || !mayRunAgain()) throw error;
      }
    }
  }

  /** As {@link withConnection}, for a read that another server can serve: it is aborted when this one goes away. */
  async withConnectionWhileHere<T>(work: Work<T>): Promise<T> {
    const away = new AbortController();
    this.#readers.add(away);
    try {
      return await this.withConnection(
        (client, renew) => {
          away.signal.onabort = () => {
            client.connection.stream.destroy();
          };
          return work(client, renew);
        },
        () => !away.signal.aborted,
        away.signal,
      );
    } finally {
      this.#readers.delete(away);
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
