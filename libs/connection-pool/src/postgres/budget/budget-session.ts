import pg from 'pg';
import { endClient } from '../connections/end-client.js';
import { isConnectionLoss } from '../connections/pg-failure.js';

/** How many connections one server may have for all services together. */
export interface Limits {
  /** Connections of pools. */
  readonly pooled: number;
  /** The part of these that overflow must leave free, so that a starting service gets its first connections. */
  readonly headroom: number;
}

// Classes of advisory locks. A lock of the first two classes is a permit for one connection: 'MyPo' and 'MyCo' in ASCII.
const POOLED = 0x4d79506f;
const CONTROL = 0x4d79436f;
/** A shared lock held by every instance that has less than its share and got no permit: 'MyHu'. */
const HUNGRY = 0x4d794875;
/** Connections left for the tools of the server and for operators. */
const RESERVED = 10;
const HEADROOM_PART = 0.2;
/** The part of the budget for budget sessions and monitors. */
const CONTROL_PART = 0.125;
const TIME_LIMIT_MS = 2_000;

// `reserved_connections` exists since PostgreSQL 16.
const SERVER_LIMIT = `SELECT current_setting('max_connections')::int
  - current_setting('superuser_reserved_connections')::int
  - coalesce(current_setting('reserved_connections', true)::int, 0) AS room`;
// Materialized, so that a lock this session holds is not taken again: it would be counted twice.
const TAKE = `WITH other AS MATERIALIZED (SELECT slot FROM generate_series(1, $2::int) AS slot WHERE slot <> ALL ($3::int[]))
SELECT slot FROM other WHERE pg_try_advisory_lock($1::int, slot) LIMIT $4`;
const GIVE = 'SELECT pg_advisory_unlock($1::int, slot) FROM unnest($2::int[]) AS slot';

const COUNT_INSTANCES = `SELECT count(DISTINCT pid) FILTER (WHERE classid = $1)::int AS instances,
  count(DISTINCT pid) FILTER (WHERE classid = $2)::int AS hungry
FROM pg_locks WHERE locktype = 'advisory' AND classid IN ($1, $2)
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
const SET_HUNGRY = 'SELECT pg_advisory_lock_shared($1, 0)';
const CLEAR_HUNGRY = 'SELECT pg_advisory_unlock_shared($1, 0)';

/** The instances that share a budget, this one included. */
export interface Fleet {
  readonly instances: number;
  /** Those that have less than their share and got no permit. */
  readonly hungry: number;
}

/**
 * One instance's session for the budget of a server. Its permits are session-level advisory locks: when the instance dies
 * the server releases them by itself, without a time-out. Locks write nothing, so this works on a replica as well.
 */
export class BudgetSession {
  readonly #slots: number[] = [];
  #isHungry = false;

  private constructor(
    private readonly client: pg.Client,
    readonly limits: Limits,
  ) {}

  /** Undefined when the server, or the part of the budget for sessions like this one, has no room for it. */
  static async open(options: {
    readonly url: string;
    readonly name: string;
    readonly budget?: number | undefined;
    /** Number of connections of this instance outside the pool, this one included. */
    readonly beside: number;
    readonly lost: () => void;
  }): Promise<BudgetSession | undefined> {
    const client = new pg.Client({
      connectionString: options.url,
      application_name: `${options.name} budget`,
      connectionTimeoutMillis: TIME_LIMIT_MS,
      query_timeout: TIME_LIMIT_MS,
      keepAlive: true,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<{ room: number }>(SERVER_LIMIT);
      const total = Math.max(2, options.budget ?? (rows[0]?.room ?? 0) - RESERVED);
      const control = Math.max(1, Math.floor(total * CONTROL_PART));
      const own = await client.query(TAKE, [CONTROL, control, [], options.beside]);
      const pooled = total - control;
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

  /** Number of permits held now. */
  get held(): number {
    return this.#slots.length;
  }

  /** Takes up to `count` more of the first `among` permits. */
  async take(count: number, among: number): Promise<void> {
    const { rows } = await this.#query<{ slot: number }>(TAKE, [POOLED, among, this.#slots, count]);
    this.#slots.push(...rows.map(({ slot }) => slot));
  }

  async give(count: number): Promise<void> {
    await this.#query(GIVE, [POOLED, this.#slots.splice(-count)]);
  }

  async countInstances(): Promise<Fleet> {
    const { rows } = await this.#query<Fleet>(COUNT_INSTANCES, [CONTROL, HUNGRY]);
    return rows[0] ?? { instances: 1, hungry: 0 };
  }

  /** Shows the other instances whether this one has less than its share and got no permit. */
  async setHungry(isHungry: boolean): Promise<void> {
    if (isHungry === this.#isHungry) return;
    this.#isHungry = isHungry;
    await this.#query(isHungry ? SET_HUNGRY : CLEAR_HUNGRY, [HUNGRY]);
  }

  async close(): Promise<void> {
    await endClient(this.client);
  }

  async #query<Row extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<pg.QueryResult<Row>> {
    try {
      return await this.client.query<Row>(text, values);
    } catch (error) {
      // Which permits the session holds is unknown now. The server releases all of them together with the session.
      this.client.connection.stream.destroy();
      throw error;
    }
  }
}

const TOO_MANY = '53300';
const isFull = (error: unknown): boolean => isConnectionLoss(error) && (error as { code?: unknown }).code === TOO_MANY;
