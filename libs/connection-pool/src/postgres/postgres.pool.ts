import type { OnApplicationShutdown } from '@nestjs/common';
import type { Lsn } from '@mystocks/kernel';
import { log, metrics } from '@mystocks/telemetry';
import pg from 'pg';
import { Borrowed } from './borrowed.js';
import { isConnectionLoss, isExhausted, isSilent, toFailure } from './pg-failure.js';
import type { Queryable, ReadOptions, Rows, Statement, WriteOptions, WritingClient, Written } from './queryable.js';

export interface PostgresPoolOptions {
  /** Names the pool in metrics and, as application_name, on the server. */
  readonly name: string;
  readonly url: string;
  /** Connections that are kept. */
  readonly size: number;
  /** Connections beyond them under load; closed again after 10 s without work. */
  readonly overflow: number;
  readonly statementTimeoutMs: number;
  /** How long a borrower waits; interactive work is shed after 2 s. */
  readonly acquireTimeoutMs?: number;
  readonly maxLifetimeS?: number;
}

const ACQUIRE_TIMEOUT_MS = 2_000;
const MAX_LIFETIME_S = 3_600;
const IDLE_TIMEOUT_MS = 10_000;
const PROBE_TIMEOUT_MS = 1_000;
// The server's own statement timeout comes first; this one is for a server that says nothing at all.
const SILENCE_MARGIN_MS = 1_000;

/**
 * Every PostgreSQL connection of a service. Connections are borrowed for one piece of work; a dead one is replaced
 * without the borrower's notice where nothing was done yet. Driver errors become Failures here and nowhere else.
 */
export class PostgresPool implements OnApplicationShutdown {
  /** For TypeORM, which shares these connections. */
  readonly driverPool: pg.Pool;
  readonly #used = new WeakSet<pg.PoolClient>();
  readonly #name: string;
  readonly #statementTimeoutMs: number;
  #closing: Promise<void> | undefined;

  constructor(options: PostgresPoolOptions) {
    this.#name = options.name;
    this.#statementTimeoutMs = options.statementTimeoutMs;
    this.driverPool = new pg.Pool({
      connectionString: options.url,
      application_name: options.name,
      min: options.size,
      max: options.size + options.overflow,
      idleTimeoutMillis: IDLE_TIMEOUT_MS,
      connectionTimeoutMillis: options.acquireTimeoutMs ?? ACQUIRE_TIMEOUT_MS,
      maxLifetimeSeconds: options.maxLifetimeS ?? MAX_LIFETIME_S,
      statement_timeout: options.statementTimeoutMs,
      query_timeout: options.statementTimeoutMs + SILENCE_MARGIN_MS,
      keepAlive: true,
    });
    this.#watch();
  }

  /**
   * Runs reads on a borrowed connection. A read that has to see a write names its log position in `after`; today all
   * reads run on the primary, which has seen everything. The work may run twice when its connection turns out dead.
   */
  read<T>(work: (client: Queryable) => Promise<T>, options?: ReadOptions): Promise<T>;
  read<T>(work: (client: Queryable) => Promise<T>): Promise<T> {
    const silenceMs = this.#statementTimeoutMs + SILENCE_MARGIN_MS;
    return this.#borrow(
      (client) => work(new Borrowed(client, silenceMs)),
      () => true,
    );
  }

  /** One statement of a read; see {@link read}. */
  async query<Row extends object>(statement: Statement, options: ReadOptions = {}): Promise<Rows<Row>> {
    return this.read((client) => client.query<Row>(statement), options);
  }

  /** Runs `work` in a transaction: all of it is stored, or nothing. */
  async write<T>(work: (client: WritingClient) => Promise<T>, options: WriteOptions = {}): Promise<Written<T>> {
    const timeoutMs = Math.trunc(options.statementTimeoutMs ?? this.#statementTimeoutMs);
    const begin = `BEGIN; SET LOCAL statement_timeout = ${timeoutMs}`;
    let begun = false;
    const transaction = async (client: pg.PoolClient): Promise<Written<T>> => {
      await client.query(begin);
      begun = true;
      try {
        const value = await work(new Borrowed(client, timeoutMs + SILENCE_MARGIN_MS));
        return { value, lsn: await commit(client) };
      } catch (error) {
        await rollBack(client, error);
        throw error;
      }
    };
    return this.#borrow(transaction, () => !begun);
  }

  /** For readiness: the database answers on a connection of this pool. */
  check(): { readonly name: 'postgres'; readonly probe: () => Promise<void> } {
    const statement = { text: 'SELECT 1', query_timeout: PROBE_TIMEOUT_MS };
    return { name: 'postgres', probe: async () => void (await this.query(statement)) };
  }

  /** Waits for borrowed connections to come back and closes all. */
  close(): Promise<void> {
    return (this.#closing ??= this.driverPool.end());
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  async #borrow<T>(work: (client: pg.PoolClient) => Promise<T>, mayRunAgain: () => boolean): Promise<T> {
    for (;;) {
      const client = await this.#lend();
      const stale = this.#used.has(client);
      this.#used.add(client);
      try {
        const result = await work(client);
        client.release();
        return result;
      } catch (error) {
        const lost = isConnectionLoss(error);
        client.release(lost || isSilent(error) || unusable.has(client));
        // A connection that died while it lay idle says so only when it is used: replaced unseen. All may have died
        // together; each is destroyed here, so the loop ends at a new one at the latest.
        if (!(stale && lost && mayRunAgain())) throw toFailure(error);
      }
    }
  }

  async #lend(): Promise<pg.PoolClient> {
    const startedAt = performance.now();
    try {
      return await this.driverPool.connect();
    } catch (error) {
      if (isExhausted(error)) metrics.poolTimeouts.cell(this.#name).count += 1;
      throw toFailure(error);
    } finally {
      metrics.poolWait.cell(this.#name).observe((performance.now() - startedAt) / 1_000);
    }
  }

  #watch(): void {
    const pool = this.driverPool;
    metrics.activeConnections.watch(() => [
      { labels: [this.#name, 'primary'], value: pool.totalCount - pool.idleCount },
    ]);
    pool.on('connect', (client) => {
      // A lent connection that dies emits `error` as well as failing its query; unheard, it would end the process.
      client.on('error', (error) => {
        log.warn({ pool: this.#name, err: error }, 'a database connection was lost');
      });
    });
    pool.on('error', () => undefined);
  }
}

// Connections whose ROLLBACK failed: in an unknown state, destroyed instead of lent again.
const unusable = new WeakSet<pg.PoolClient>();

async function commit(client: pg.PoolClient): Promise<Lsn> {
  // Both in one round trip. The insert position, because the write position lags behind an asynchronous commit.
  const both: unknown = await client.query('COMMIT; SELECT pg_current_wal_insert_lsn()::text AS lsn');
  const [committed, position] = both as [pg.QueryResult, pg.QueryResult<{ lsn: string }>];
  // PostgreSQL answers COMMIT of a failed transaction with ROLLBACK and no error.
  if (committed.command !== 'COMMIT') throw new Error('the transaction had failed and was rolled back');
  const lsn = position.rows[0]?.lsn;
  if (lsn === undefined) throw new Error('the server told no log position');
  return lsn;
}

async function rollBack(client: pg.PoolClient, error: unknown): Promise<void> {
  if (isConnectionLoss(error) || isSilent(error)) return;
  try {
    await client.query('ROLLBACK');
  } catch (second) {
    log.warn({ err: second }, 'a transaction could not be rolled back; its connection is closed');
    unusable.add(client);
  }
}
