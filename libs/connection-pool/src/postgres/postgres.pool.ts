import type { OnApplicationShutdown } from '@nestjs/common';
import type { Lsn } from '@mystocks/kernel';
import { metrics } from '@mystocks/telemetry';
import type pg from 'pg';
import type { AcquireOptions } from '../pool/queue/waiting-borrower.js';
import { Borrowed } from './connections/borrowed.js';
import { SILENCE_MARGIN_MS } from './connections/pg-connector.js';
import { isConnectionLoss, isNotPrimary, toFailure, unreachable } from './connections/pg-failure.js';
import { PgPool } from './pg-pool/pg-pool.js';
import { PostgresNode, type NodeRole, type Work } from './servers/postgres-server.js';
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
import { ASK_POSITION } from './connections/log-position.js';
import { Topology } from './servers/topology.js';
import { begin, commit, rollBack } from './connections/transaction.js';

export interface PostgresPoolOptions {
  /** Names the pool in metrics and, as application_name, on the server. */
  readonly name: string;
  readonly url: string;
  /** The servers beside it, separated by commas. Which one is the primary is found out, not configured. */
  readonly replicaUrls?: string | undefined;
  /** Where reads go; `primary` for a service that decides by what it reads. Default `replicas`, where there are any. */
  readonly readFrom?: 'primary' | 'replicas';
  /** Connections that are kept, to each server. */
  readonly size: number;
  /** Connections beyond them under load, to each server. */
  readonly overflow: number;
  readonly statementTimeoutMs: number;
  /** How long a borrower waits; one with a deadline waits no longer than that. */
  readonly acquireTimeoutMs?: number;
  readonly recycleMs?: number;
  readonly leakAfterMs?: number;
  readonly reclaimLeaks?: boolean;
  /** Connections to one server of all services together; by default what it allows, less 10. */
  readonly fleetBudget?: number | undefined;
}

/** A server as its pool sees it now. */
export interface ServerStatus {
  /** `host:port`. */
  readonly server: string;
  readonly role: NodeRole;
  /** Of a replica, seconds; absent while there is no primary to compare with. */
  readonly lagS?: number;
}

const PROBE_TIMEOUT_MS = 1_000;

/**
 * Every PostgreSQL connection of a service, to the primary and its replicas. Connections are borrowed for one piece of
 * work; a dead one is replaced without the borrower's notice where nothing was done yet. Driver errors become Failures
 * here and nowhere else.
 */
export class PostgresPool implements OnApplicationShutdown {
  /** For TypeORM, which shares the connections to whoever is the primary, in sessions that cannot write. */
  readonly driverPool: PgPool;
  readonly #topology: Topology;
  readonly #reads: ReadRouter;
  readonly #statementTimeoutMs: number;
  #closing: Promise<void> | undefined;

  constructor(options: PostgresPoolOptions) {
    const { name, replicaUrls = '', readFrom = 'replicas' } = options;
    const others = replicaUrls.split(',').flatMap((one) => (one.trim() === '' ? [] : [one.trim()]));
    const isWatched = others.length > 0;
    this.#topology = new Topology([
      new PostgresNode({ ...options, isWatched }),
      // By place, not by role: roles change, and a name is for the life of the process.
      ...others.map(
        (one, index) => new PostgresNode({ ...options, isWatched, url: one, name: `${name}-${index + 2}` }),
      ),
    ]);
    this.#statementTimeoutMs = options.statementTimeoutMs;
    this.#reads = new ReadRouter(this.#topology, readFrom);
    const lender = {
      acquire: async (how: AcquireOptions<pg.Client>) => (await this.#primary()).pool.acquire(how),
      status: () => this.#topology.mainNode.pool.status(),
      end: () => this.close(),
    };
    this.driverPool = new PgPool(lender, 'read-only');
  }

  /**
   * Runs reads on a borrowed connection, in a session that cannot write. They see all that was acknowledged before, on
   * whatever server they run; as long as there is no primary, what the replicas have. The work may run twice when its
   * connection turns out dead.
   */
  read<T>(work: (client: Queryable) => Promise<T>, { after }: ReadOptions = {}): Promise<T> {
    const silenceMs = this.#statementTimeoutMs + SILENCE_MARGIN_MS;
    return this.#reads.run((client, renew) => work(new Borrowed(client, silenceMs, renew)), after);
  }

  /** One statement of a read; see {@link read}. */
  query<Row extends object>(statement: Statement, options: ReadOptions = {}): Promise<Rows<Row>> {
    return this.read((client) => client.query<Row>(statement), options);
  }

  /**
   * Runs `work` in a transaction on the primary: all of it is stored, or nothing. Never runs it twice. Fails with
   * `timeout` when the connection was lost at the very end: then it may have been stored.
   */
  async write<T>(work: (client: WritingClient) => Promise<T>, options: WriteOptions = {}): Promise<Written<T>> {
    const timeoutMs = Math.trunc(options.statementTimeoutMs ?? this.#statementTimeoutMs);
    let begun = false;
    const transaction: Work<Written<T>> = async (client, renew) => {
      await begin(client, timeoutMs);
      begun = true;
      try {
        const value = await work(new Borrowed(client, timeoutMs + SILENCE_MARGIN_MS, renew));
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

  /** Where the primary's log ends now. Every acknowledged commit lies before it. */
  async position(): Promise<Lsn> {
    const ask: Work<Lsn> = async (client) => {
      const { rows } = await client.query<{ lsn: Lsn }>(ASK_POSITION);
      const [row] = rows;
      if (row === undefined) throw new Error('the server told no log position');
      return row.lsn;
    };
    return this.#onPrimary(ask, () => true);
  }

  /** For readiness: a read is answered. */
  check(): { readonly name: 'postgres'; readonly probe: () => Promise<void> } {
    const statement = { text: 'SELECT 1', query_timeout: PROBE_TIMEOUT_MS };
    return { name: 'postgres', probe: async () => void (await this.query(statement)) };
  }

  /** The servers of this pool, in the order of their URLs. */
  servers(): ServerStatus[] {
    return this.#topology.nodes.map(({ address, role, lagMs }) => ({
      server: address,
      role,
      ...(lagMs === undefined ? {} : { lagS: lagMs / 1_000 }),
    }));
  }

  /** Waits for borrowed connections to come back and closes all. */
  close(): Promise<void> {
    return (this.#closing ??= this.#topology.close());
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  async #primary(): Promise<PostgresNode> {
    const primary = await this.#topology.primary();
    if (primary === undefined) throw unreachable();
    return primary;
  }

  /** Once more on another server when the primary turns out to be it no more, and `mayRunAgain`. */
  async #onPrimary<T>(work: Work<T>, mayRunAgain: () => boolean): Promise<T> {
    const primary = await this.#primary();
    try {
      return await primary.borrow(work, mayRunAgain);
    } catch (error) {
      if (!mayRunAgain() || !(isConnectionLoss(error) || isNotPrimary(error))) throw toFailure(error);
      await this.#topology.look();
      const other = await this.#primary();
      if (other === primary) throw unreachable(error);
      return await other.borrow(work, mayRunAgain).catch((second: unknown) => {
        throw toFailure(second);
      });
    }
  }
}
