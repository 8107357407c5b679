import { EventEmitter } from 'node:events';
import type pg from 'pg';
import type { Checkout } from '../../pool/checkouts/checkout.js';
import type { PoolStatus } from '../../pool/pool-options.js';
import type { AcquireOptions } from '../../pool/queue/waiting-borrower.js';
import { isConnectionLoss, isUnanswered } from '../connections/pg-failure.js';
import { checkIn, pgClient, type Returned } from './pg-pool-client.js';

/** Where a {@link PgPool} gets its connections: a `Pool<pg.Client>`, or something that selects one. */
export interface ClientSource {
  acquire(options: AcquireOptions<pg.Client>): Promise<Checkout<pg.Client>>;
  status(): Pick<PoolStatus, 'size' | 'overflowMax' | 'idle' | 'inUse' | 'waiting'>;
  end(): Promise<void>;
}

/**
 * `read-write`: sessions may write, as those of pg.Pool, which costs a round trip at checkout and at check-in;
 * `read-only`: as our pools open them.
 */
export type PgMode = 'read-write' | 'read-only';

const READ_WRITE = 'SET default_transaction_read_only = off';
const READ_ONLY = 'SET default_transaction_read_only = on';

type Done = (release?: Error | boolean) => void;
type Connected = (error: Error | undefined, client: pg.PoolClient | undefined, done: Done) => void;
type Answered = (error: Error | undefined, result: pg.QueryResult | undefined) => void;

const nothing = (): void => undefined;
const toError = (error: unknown): Error => (Error.isError(error) ? error : new Error(String(error)));

/**
 * Our pool with the interface of `pg.Pool`, for libraries that need one (TypeORM's `driver` option). It emits the events of
 * pg.Pool. A transaction that is left open is rolled back before another borrower gets the connection.
 */
export class PgPool extends EventEmitter {
  ending = false;
  ended = false;
  /** In pg.Pool the number of connections past their lifetime; our pool closes these at once. */
  readonly expiredCount = 0;
  readonly #seen = new WeakSet<pg.Client>();
  readonly #acquireOptions: AcquireOptions<pg.Client> = {};
  readonly #resetSql: string | undefined;

  constructor(
    private readonly source: ClientSource,
    mode: PgMode = 'read-write',
  ) {
    super();
    if (mode === 'read-only') return;
    // The statement also serves as the ping: when it succeeds, the connection is alive.
    this.#acquireOptions = { ping: (client) => client.query(READ_WRITE) };
    this.#resetSql = READ_ONLY;
  }

  get totalCount(): number {
    const { idle, inUse } = this.source.status();
    return idle + inUse;
  }

  get idleCount(): number {
    return this.source.status().idle;
  }

  get waitingCount(): number {
    return this.source.status().waiting;
  }

  get options(): { readonly min: number; readonly max: number } {
    const { size, overflowMax } = this.source.status();
    return { min: size, max: size + overflowMax };
  }

  connect(): Promise<pg.PoolClient>;
  connect(callback: Connected): void;
  connect(callback?: Connected): Promise<pg.PoolClient> | undefined {
    const client = this.#checkOut();
    if (callback === undefined) return client;
    client.then(
      (connected) => {
        callback(undefined, connected, connected.release.bind(connected));
      },
      (error: unknown) => {
        callback(toError(error), undefined, nothing);
      },
    );
    return undefined;
  }

  query(statement: string | pg.QueryConfig, values?: unknown[]): Promise<pg.QueryResult>;
  query(statement: string | pg.QueryConfig, callback: Answered): void;
  query(statement: string | pg.QueryConfig, values: unknown[], callback: Answered): void;
  query(
    statement: string | pg.QueryConfig,
    values?: unknown[] | Answered,
    callback?: Answered,
  ): Promise<pg.QueryResult> | undefined {
    const done = typeof values === 'function' ? values : callback;
    const result = this.#query(statement, typeof values === 'function' ? undefined : values);
    if (done === undefined) return result;
    result.then(
      (answer) => {
        done(undefined, answer);
      },
      (error: unknown) => {
        done(toError(error), undefined);
      },
    );
    return undefined;
  }

  end(): Promise<void>;
  end(callback: () => void): void;
  end(callback?: () => void): Promise<void> | undefined {
    this.ending = true;
    const ended = this.source.end().then(() => {
      this.ended = true;
    });
    if (callback === undefined) return ended;
    ended.then(callback, callback);
    return undefined;
  }

  async #checkOut(): Promise<pg.PoolClient> {
    const checkout = await this.source.acquire(this.#acquireOptions);
    const client = pgClient(checkout, this.#resetSql, this.#returned);
    this.#acquired(client);
    return client;
  }

  async #query(statement: string | pg.QueryConfig, values?: unknown[]): Promise<pg.QueryResult> {
    const checkout = await this.source.acquire(this.#acquireOptions);
    const client = checkout.connection as pg.PoolClient;
    this.#acquired(client);
    try {
      const result = await client.query(statement, values);
      this.#returned(undefined, client);
      checkIn(checkout, client, { resetSql: this.#resetSql, isBroken: false });
      return result;
    } catch (error) {
      // After an SQL error the connection is still good.
      const isBroken = isConnectionLoss(error) || isUnanswered(error);
      this.#returned(isBroken, client);
      checkIn(checkout, client, { resetSql: this.#resetSql, isBroken });
      throw error;
    }
  }

  readonly #returned: Returned = (error, client) => {
    this.emit('release', error, client);
  };

  #acquired(client: pg.PoolClient): void {
    if (!this.#seen.has(client)) this.#introduce(client);
    this.emit('acquire', client);
  }

  #introduce(client: pg.PoolClient): void {
    this.#seen.add(client);
    client.once('end', () => this.emit('remove', client));
    client.on('error', (error) => {
      // An 'error' event without a listener would end the process. The pool has closed the connection already.
      if (this.listenerCount('error') > 0) this.emit('error', error, client);
    });
    this.emit('connect', client);
  }
}
