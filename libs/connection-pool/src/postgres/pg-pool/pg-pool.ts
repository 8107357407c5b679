import { EventEmitter } from 'node:events';
import { types } from 'node:util';
import type pg from 'pg';
import type { Lease } from '../../pool/checkouts/checkout.js';
import type { PoolStatus } from '../../pool/pool-options.js';
import type { AcquireOptions } from '../../pool/queue/waiting-borrower.js';
import { isConnectionLoss, isSilent } from '../connections/pg-failure.js';
import { giveBack, pgClient, type Returned } from './pg-pool-client.js';

/** What a {@link PgPool} lends from: a `Pool<pg.Client>`, or whoever chooses one. */
export interface PgLender {
  acquire(options: AcquireOptions<pg.Client>): Promise<Lease<pg.Client>>;
  status(): Pick<PoolStatus, 'size' | 'overflowMax' | 'idle' | 'lent' | 'waiting'>;
  end(): Promise<void>;
}

/** `read-write` as pg.Pool's sessions are, which costs a round trip at both ends; `read-only` as our pools open them. */
export type PgMode = 'read-write' | 'read-only';

const READ_WRITE = 'SET default_transaction_read_only = off';
const READ_ONLY = 'SET default_transaction_read_only = on';

type Done = (release?: Error | boolean) => void;
type Connected = (error: Error | undefined, client: pg.PoolClient | undefined, done: Done) => void;
type Answered = (error: Error | undefined, result: pg.QueryResult | undefined) => void;

const nothing = (): void => undefined;
const toError = (error: unknown): Error => (types.isNativeError(error) ? error : new Error(String(error)));

/**
 * Our pool with the face of `pg.Pool`, for libraries that want one (TypeORM's `driver` option). Emits what pg.Pool
 * emits; a transaction that is left open is rolled back before the connection is lent again.
 */
export class PgPool extends EventEmitter {
  ending = false;
  ended = false;
  /** pg.Pool counts here connections that have lived too long; ours are closed at once. */
  readonly expiredCount = 0;
  readonly #seen = new WeakSet<pg.Client>();
  readonly #how: AcquireOptions<pg.Client> = {};
  readonly #leave: string | undefined;

  constructor(
    private readonly lender: PgLender,
    mode: PgMode = 'read-write',
  ) {
    super();
    if (mode === 'read-only') return;
    // The setting is the ping as well: one round trip shows that the connection lives.
    this.#how = { ping: (client) => client.query(READ_WRITE) };
    this.#leave = READ_ONLY;
  }

  get totalCount(): number {
    const { idle, lent } = this.lender.status();
    return idle + lent;
  }

  get idleCount(): number {
    return this.lender.status().idle;
  }

  get waitingCount(): number {
    return this.lender.status().waiting;
  }

  get options(): { readonly min: number; readonly max: number } {
    const { size, overflowMax } = this.lender.status();
    return { min: size, max: size + overflowMax };
  }

  connect(): Promise<pg.PoolClient>;
  connect(callback: Connected): void;
  connect(callback?: Connected): Promise<pg.PoolClient> | undefined {
    const client = this.#lend();
    if (callback === undefined) return client;
    client.then(
      (lent) => {
        callback(undefined, lent, lent.release.bind(lent));
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
    const told = typeof values === 'function' ? values : callback;
    const result = this.#ask(statement, typeof values === 'function' ? undefined : values);
    if (told === undefined) return result;
    result.then(
      (answer) => {
        told(undefined, answer);
      },
      (error: unknown) => {
        told(toError(error), undefined);
      },
    );
    return undefined;
  }

  end(): Promise<void>;
  end(callback: () => void): void;
  end(callback?: () => void): Promise<void> | undefined {
    this.ending = true;
    const ended = this.lender.end().then(() => {
      this.ended = true;
    });
    if (callback === undefined) return ended;
    ended.then(callback, callback);
    return undefined;
  }

  async #lend(): Promise<pg.PoolClient> {
    const lease = await this.lender.acquire(this.#how);
    const client = pgClient(lease, this.#leave, this.#returned);
    this.#acquired(client);
    return client;
  }

  async #ask(statement: string | pg.QueryConfig, values?: unknown[]): Promise<pg.QueryResult> {
    const lease = await this.lender.acquire(this.#how);
    const client = lease.connection as pg.PoolClient;
    this.#acquired(client);
    try {
      const result = await client.query(statement, values);
      this.#returned(undefined, client);
      giveBack(lease, client, { leave: this.#leave, isBroken: false });
      return result;
    } catch (error) {
      // A statement that the server refused has done its connection no harm.
      const isBroken = isConnectionLoss(error) || isSilent(error);
      this.#returned(isBroken, client);
      giveBack(lease, client, { leave: this.#leave, isBroken });
      throw error;
    }
  }

  readonly #returned: Returned = (error, client) => {
    this.emit('release', error, client);
  };

  #acquired(client: pg.PoolClient): void {
    if (!this.#seen.has(client)) this.#meet(client);
    this.emit('acquire', client);
  }

  #meet(client: pg.PoolClient): void {
    this.#seen.add(client);
    client.once('end', () => this.emit('remove', client));
    client.on('error', (error) => {
      // As an event without a listener it would end the process; the pool has dropped the connection already.
      if (this.listenerCount('error') > 0) this.emit('error', error, client);
    });
    this.emit('connect', client);
  }
}
