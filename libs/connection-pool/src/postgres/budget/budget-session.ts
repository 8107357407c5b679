import pg from 'pg';
import { endClient } from '../connections/end-client.js';
import { isConnectionLoss } from '../connections/pg-failure.js';

/** What one server can carry, all services together. */
export interface Shares {
  /** Connections of pools. */
  readonly pooled: number;
  /** Of these, how many overflow leaves alone, so that a service that starts finds room for what it keeps. */
  readonly headroom: number;
}

// Families of advisory locks. In these two a lock is the right to one connection: 'MyPo' and 'MyCo' in ASCII.
const POOLED = 0x4d79506f;
const CONTROL = 0x4d79436f;
/** Held, shared, by instances that have less than their share and got nothing: 'MyHu'. */
const HUNGRY = 0x4d794875;
/** Left to the server's own tools and to whoever comes by with psql. */
const MARGIN = 10;
const HEADROOM_PART = 0.2;
/** The part of the budget that is for connections like this one and for monitors. */
const CONTROL_PART = 0.125;
const PATIENCE_MS = 2_000;

// `reserved_connections` came with PostgreSQL 16.
const ROOM = `SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
  - coalesce(current_setting('reserved_connections', true)::int, 0) AS room`;
// Materialized: a lock of ours must not be asked for again, it would be counted twice.
const TAKE = `WITH other AS MATERIALIZED (SELECT slot FROM generate_series(1, $2::int) AS slot WHERE slot <> ALL ($3::int[]))
SELECT slot FROM other WHERE pg_try_advisory_lock($1::int, slot) LIMIT $4`;
const GIVE = 'SELECT pg_advisory_unlock($1::int, slot) FROM unnest($2::int[]) AS slot';

const LOOK = `SELECT count(DISTINCT pid) FILTER (WHERE classid = $1)::int AS instances,
  count(DISTINCT pid) FILTER (WHERE classid = $2)::int AS hungry
FROM pg_locks WHERE locktype = 'advisory' AND classid IN ($1, $2)
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
const SAY = { hungry: 'SELECT pg_advisory_lock_shared($1, 0)', fed: 'SELECT pg_advisory_unlock_shared($1, 0)' };

/** What an instance sees of the others, itself included. */
export interface Fleet {
  readonly instances: number;
  readonly hungry: number;
}

/**
 * One instance's session for the budget of a server. The rights it takes are session-level advisory locks: the server
 * itself takes them back when the instance dies, without a clock, on a replica too (nothing is written).
 */
export class BudgetSession {
  readonly #slots: number[] = [];
  #isHungry = false;

  private constructor(
    private readonly client: pg.Client,
    readonly shares: Shares,
  ) {}

  /** Undefined when the server, or the part of the budget that is for sessions like this, has no room for it. */
  static async open(options: {
    readonly url: string;
    readonly name: string;
    readonly budget?: number | undefined;
    /** Connections of this instance beside the pool's, this one included. */
    readonly beside: number;
    readonly lost: () => void;
  }): Promise<BudgetSession | undefined> {
    const client = new pg.Client({
      connectionString: options.url,
      application_name: `${options.name} budget`,
      connectionTimeoutMillis: PATIENCE_MS,
      query_timeout: PATIENCE_MS,
      keepAlive: true,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<{ room: number }>(ROOM);
      const whole = Math.max(2, options.budget ?? (rows[0]?.room ?? 0) - MARGIN);
      const control = Math.max(1, Math.floor(whole * CONTROL_PART));
      const own = await client.query(TAKE, [CONTROL, control, [], options.beside]);
      const pooled = whole - control;
      if (own.rowCount === options.beside) {
        client.once('end', options.lost);
        return new BudgetSession(client, { pooled, headroom: Math.floor(pooled * HEADROOM_PART) });
      }
    } catch (error) {
      client.connection.stream.destroy();
      if (isFull(error)) return undefined;
      throw error;
    }
    await endClient(client);
    return undefined;
  }

  /** Rights held now. */
  get held(): number {
    return this.#slots.length;
  }

  /** Takes up to `count` more of the first `among` rights. */
  async take(count: number, among: number): Promise<void> {
    const { rows } = await this.#ask<{ slot: number }>(TAKE, [POOLED, among, this.#slots, count]);
    this.#slots.push(...rows.map(({ slot }) => slot));
  }

  async give(count: number): Promise<void> {
    await this.#ask(GIVE, [POOLED, this.#slots.splice(-count)]);
  }

  async look(): Promise<Fleet> {
    const { rows } = await this.#ask<Fleet>(LOOK, [CONTROL, HUNGRY]);
    return rows[0] ?? { instances: 1, hungry: 0 };
  }

  /** Tells the others whether this instance has less than its share and wants more. */
  async say(state: 'hungry' | 'fed'): Promise<void> {
    if ((state === 'hungry') === this.#isHungry) return;
    this.#isHungry = state === 'hungry';
    await this.#ask(SAY[state], [HUNGRY]);
  }

  async close(): Promise<void> {
    await endClient(this.client);
  }

  async #ask<Row extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<pg.QueryResult<Row>> {
    try {
      return await this.client.query<Row>(text, values);
    } catch (error) {
      // What it holds is not known any more: the server frees all of it with the session.
      this.client.connection.stream.destroy();
      throw error;
    }
  }
}

const TOO_MANY = '53300';
const isFull = (error: unknown): boolean => isConnectionLoss(error) && (error as { code?: unknown }).code === TOO_MANY;
