import type { OnApplicationShutdown } from '@nestjs/common';
import { remainingMs } from '@mystocks/kernel';
import { currentContext } from '@mystocks/telemetry';
import type { Connector } from '../pool/connector.js';
import type { Checkout } from '../pool/checkouts/checkout.js';
import { Pool } from '../pool/pool.js';
import { sql, type Sql } from './literal.js';
import { tdengineAddress } from './tdengine-address.js';
import type { TdengineAnswer } from './tdengine-answer.js';
import { TdengineConnection } from './tdengine-connection.js';
import { NoAnswer, SilentServer } from './tdengine-errors.js';
import { isUnusable, tdengineFailure } from './tdengine-failure.js';

export interface TdenginePoolOptions {
  /** The name of the pool in metrics. */
  readonly name: string;
  /** The address of taosAdapter, as `http://user:password@host:6041`. */
  readonly url: string;
  /** Statements run in this database. It need not exist before one of them creates it. */
  readonly database: string;
  /** Number of connections that are kept when idle. */
  readonly size: number;
  /** Number of connections beyond these under load. */
  readonly overflow: number;
  /** How long a borrower waits for a connection at most. */
  readonly acquireTimeoutMs: number;
  /** How long one statement may take at most, its answer read to the end. */
  readonly requestTimeoutMs: number;
}

export interface TdengineQueryOptions {
  /** The moment after which the caller does not wait any more, epoch ms; by default the deadline of the request. */
  readonly deadlineMs?: number;
}

const PROBE_TIMEOUT_MS = 1_000;
const OPEN_TIMEOUT_MS = 5_000;
const status = sql`SELECT SERVER_STATUS()`;

/** All connections of a service to TDengine. Errors of TDengine become Failures here and nowhere else. */
export class TdenginePool implements OnApplicationShutdown {
  readonly #pool: Pool<TdengineConnection>;
  readonly #requestTimeoutMs: number;

  constructor(options: TdenginePoolOptions) {
    const { name, url, database, size, overflow, acquireTimeoutMs, requestTimeoutMs } = options;
    const address = tdengineAddress(url, database);
    this.#requestTimeoutMs = requestTimeoutMs;
    const connector: Connector<TdengineConnection> = {
      open: async () => {
        const connection = new TdengineConnection(address);
        await connection.ask(status.text, Math.min(OPEN_TIMEOUT_MS, requestTimeoutMs)).catch(async (error: unknown) => {
          await connection.destroy();
          throw error;
        });
        return connection;
      },
      ping: (connection) => connection.ask(status.text, Math.min(PROBE_TIMEOUT_MS, requestTimeoutMs)),
      close: (connection) => connection.destroy(),
      onLost: (connection, lost) => {
        connection.onLost(lost);
      },
    };
    this.#pool = new Pool(
      { name, role: () => 'tdengine', server: address.server, size, overflow, acquireTimeoutMs },
      connector,
    );
  }

  /**
   * Runs one statement. It may run twice: if its connection had died while idle, it is sent again on another one. That is
   * safe for all statements of this system: queries change nothing, a row that is written again overwrites itself (its
   * key is child table and time), DDL says IF NOT EXISTS. The second run ends before the promise settles, so writers that
   * wait for each other stay in order. A statement that timed out, or whose answer broke off, rejects and is not repeated.
   */
  async query(statement: Sql, options: TdengineQueryOptions = {}): Promise<TdengineAnswer> {
    const deadlineMs = options.deadlineMs ?? currentContext()?.deadlineMs;
    const calledAt = performance.now();
    try {
      for (;;) {
        const checkout = await this.#pool.acquire({ deadlineMs });
        const { openedAt } = checkout.connection;
        try {
          return await this.#ask(checkout, statement, deadlineMs);
        } catch (error) {
          // All idle connections may have died together, as when the server restarts. Each one that fails is closed, so
          // the loop ends at the latest with a new connection.
          if (openedAt >= calledAt || !(error instanceof NoAnswer)) throw error;
        }
      }
    } catch (error) {
      throw tdengineFailure(error);
    }
  }

  /** For readiness: the server reports that it is available, on a connection of this pool. */
  check(): { readonly name: 'tdengine'; readonly probe: () => Promise<void> } {
    const probe = async (): Promise<void> => {
      const { rows } = await this.query(status, { deadlineMs: Date.now() + PROBE_TIMEOUT_MS });
      if (Number(rows[0]?.[0]) !== 1) throw new Error('TDengine reports that it is not available');
    };
    return { name: 'tdengine', probe };
  }

  /** Waits for the statements under way and closes every connection. */
  async close(): Promise<void> {
    await this.#pool.end();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  async #ask(
    checkout: Checkout<TdengineConnection>,
    { text }: Sql,
    deadlineMs: number | undefined,
  ): Promise<TdengineAnswer> {
    const timeoutMs = remainingMs(this.#requestTimeoutMs, deadlineMs, Date.now());
    if (timeoutMs <= 0) {
      checkout.release();
      throw new SilentServer(0);
    }
    try {
      const answer = await checkout.connection.ask(text, timeoutMs);
      checkout.release();
      return answer;
    } catch (error) {
      checkout.release(isUnusable(error));
      throw error;
    }
  }
}
