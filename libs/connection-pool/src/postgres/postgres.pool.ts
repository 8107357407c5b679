import type { OnApplicationShutdown } from '@nestjs/common';
import type { Lsn } from '@mystocks/kernel';
import { metrics } from '@mystocks/telemetry';
import type pg from 'pg';
import type { AcquireOptions } from '../pool/queue/waiting-borrower.js';
import { LimitedClient } from './connections/limited-client.js';
import { NO_ANSWER_MARGIN_MS } from './connections/pg-connector.js';
import { isConnectionLoss, isNotPrimary, toFailure, unreachable } from './connections/pg-failure.js';
import { PgPool } from './pg-pool/pg-pool.js';
import { PostgresServer, type ServerRole, type Work } from './servers/postgres-server.js';
import type {
  Queryable,
  ReadOptions,
  Rows,
  Statement,
  WriteOptions,
  WritingClient,
  Written,
} from './connections/queryable.js';
import { ReadRouter } from './servers/read-router.js';
import { READ_POSITION } from './connections/log-position.js';
import { Topology } from './servers/topology.js';
import { begin, commit, rollBack } from './connections/transaction.js';

export interface PostgresPoolOptions {
  /** The name of the pool in metrics, and the application_name of its sessions. */
  readonly name: string;
  readonly url: string;
  /** The other servers, separated by commas. Which server is the primary is found out, not configured. */
  readonly replicaUrls?: string | undefined;
  /** The servers to read from; `primary` for a service that decides by what it reads. Default: `replicas`, if there are any. */
  readonly readFrom?: 'primary' | 'replicas';
  /** Number of connections to each server that are kept when idle. */
  readonly size: number;
  /** Number of connections to each server beyond these under load. */
  readonly overflow: number;
  readonly statementTimeoutMs: number;
  /** How long a borrower waits at most; its deadline may end the wait earlier. */
  readonly acquireTimeoutMs?: number;
  readonly recycleMs?: number;
  readonly leakAfterMs?: number;
  readonly reclaimLeaks?: boolean;
  /** Number of connections to one server of all services together; by default what the server allows, less 10. */
  readonly fleetBudget?: number | undefined;
}

/** The current state of a server, as its pool knows it. */
export interface ServerStatus {
  /** `host:port`. */
  readonly server: string;
  readonly role: ServerRole;
  /** The lag of a replica in seconds; absent while there is no primary to compare with. */
  readonly lagS?: number;
}

const PROBE_TIMEOUT_MS = 1_000;

/**
 * All PostgreSQL connections of a service, to the primary and its replicas. A connection is checked out for one piece of
 * work. If it turns out to be dead and the work may run again, it does so on another one. Driver errors become Failures
 * here and nowhere else.
 */
export class PostgresPool implements OnApplicationShutdown {
  /** For TypeORM, which uses the same connections to the current primary, in sessions that cannot write. */
  readonly driverPool: PgPool;
  readonly #topology: Topology;
  readonly #reads: ReadRouter;
  readonly #statementTimeoutMs: number;
  #closing: Promise<void> | undefined;

  constructor(options: PostgresPoolOptions) {
    const { name, replicaUrls = '', readFrom = 'replicas' } = options;
    const others = replicaUrls.split(',').flatMap((one) => (one.trim() === '' ? [] : [one.trim()]));
    const isMonitored = others.length > 0;
    this.#topology = new Topology([
      new PostgresServer({ ...options, isMonitored }),
      // Numbered by their place in the list: roles change, and a name must not.
      ...others.map(
        (one, index) => new PostgresServer({ ...options, isMonitored, url: one, name: `${name}-${index + 2}` }),
      ),
    ]);
    this.#statementTimeoutMs = options.statementTimeoutMs;
    this.#reads = new ReadRouter(this.#topology, readFrom);
    const source = {
      acquire: async (options: AcquireOptions<pg.Client>) => (await this.#primary()).pool.acquire(options),
      status: () => this.#topology.primaryOrFirst.pool.status(),
      end: () => this.close(),
    };
    this.driverPool = new PgPool(source, 'read-only');
  }

  /**
   * Runs reads on a checked-out connection, in a session that cannot write. On whichever server they run, they see all
   * commits acknowledged before; while there is no primary, they see what the replicas have. The work may run twice when
   * its connection turns out to be dead.
   */
  read<T>(work: (client: Queryable) => Promise<T>, { after }: ReadOptions = {}): Promise<T> {
    const timeoutMs = this.#statementTimeoutMs + NO_ANSWER_MARGIN_MS;
    return this.#reads.run((client, renew) => work(new LimitedClient(client, timeoutMs, renew)), after);
  }

  /** Runs one statement as {@link read} does. */
  query<Row extends object>(statement: Statement, options: ReadOptions = {}): Promise<Rows<Row>> {
    return this.read((client) => client.query<Row>(statement), options);
  }

  /**
   * Runs `work` in a transaction on the primary: all of it is stored, or nothing. It never runs twice. Rejects with
   * `timeout` when the connection was lost during the commit: then it may have been stored.
   */
  async write<T>(work: (client: WritingClient) => Promise<T>, options: WriteOptions = {}): Promise<Written<T>> {
    const timeoutMs = Math.trunc(options.statementTimeoutMs ?? this.#statementTimeoutMs);
    let begun = false;
    const transaction: Work<Written<T>> = async (client, renew) => {
      await begin(client, timeoutMs);
      begun = true;
      try {
        const value = await work(new LimitedClient(client, timeoutMs + NO_ANSWER_MARGIN_MS, renew));
        return { value, lsn: await commit(client) };
      } catch (error) {
        await rollBack(client, error);
        throw error;
      }
    };
    const written = await this.#onPrimary(transaction, () => !begun);
    this.#topology.wrote(written.lsn);
    metrics.dbRoute.cell('primary', 'write').count += 1;
    return written;
  }

  /** The position of the primary's log now. Every acknowledged commit lies before it. */
  async position(): Promise<Lsn> {
    const read: Work<Lsn> = async (client) => {
      const { rows } = await client.query<{ lsn: Lsn }>(READ_POSITION);
      const [row] = rows;
      if (row === undefined) throw new Error('the server returned no log position');
      return row.lsn;
    };
    return this.#onPrimary(read, () => true);
  }

  /** For readiness: a read succeeds. */
  check(): { readonly name: 'postgres'; readonly probe: () => Promise<void> } {
    const statement = { text: 'SELECT 1', query_timeout: PROBE_TIMEOUT_MS };
    return { name: 'postgres', probe: async () => void (await this.query(statement)) };
  }

  /** The servers of this pool, in the order of their URLs. */
  servers(): ServerStatus[] {
    return this.#topology.servers.map(({ address, role, lagMs }) => ({
      server: address,
      role,
      ...(lagMs === undefined ? {} : { lagS: lagMs / 1_000 }),
    }));
  }

  /** Waits until all connections are checked in and closes them. */
  close(): Promise<void> {
    return (this.#closing ??= this.#topology.close());
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  async #primary(): Promise<PostgresServer> {
    const primary = await this.#topology.primary();
    if (primary === undefined) throw unreachable();
    return primary;
  }

  /** Runs `work` again on another server if the server turns out not to be the primary any more, and `mayRunAgain`. */
  async #onPrimary<T>(work: Work<T>, mayRunAgain: () => boolean): Promise<T> {
    const primary = await this.#primary();
    try {
      return await primary.withConnection(work, mayRunAgain);
    } catch (error) {
      if (!mayRunAgain() || !(isConnectionLoss(error) || isNotPrimary(error))) throw toFailure(error);
      await this.#topology.refresh();
      const other = await this.#primary();
      if (other === primary) throw unreachable(error);
      return await other.withConnection(work, mayRunAgain).catch((second: unknown) => {
        throw toFailure(second);
      });
    }
  }
}
