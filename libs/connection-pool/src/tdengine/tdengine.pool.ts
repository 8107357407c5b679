import type { OnApplicationShutdown } from '@nestjs/common';
import { remainingMs } from '@mystocks/kernel';
import { currentContext } from '@mystocks/telemetry';
import type { Connector } from '../pool/connector.js';
import type { Lease } from '../pool/checkouts/checkout.js';
import { Pool } from '../pool/pool.js';
import { sql, type Sql } from './literal.js';
import { tdengineAddress } from './tdengine-address.js';
import type { TdengineAnswer } from './tdengine-answer.js';
import { TdengineConnection } from './tdengine-connection.js';
import { NoAnswer, SilentServer } from './tdengine-errors.js';
import { isUnusable, tdengineFailure } from './tdengine-failure.js';

export interface TdenginePoolOptions {
  /** Names the pool in metrics. */
  readonly name: string;
  /** `http://user:password@host:6041` of taosAdapter. */
  readonly url: string;
  /** Statements run in this database; it need not exist before they create it. */
  readonly database: string;
  /** Connections that are kept. */
  readonly size: number;
  /** Connections beyond them under load. */
  readonly overflow: number;
  /** How long a borrower waits for a connection at most. */
  readonly acquireTimeoutMs: number;
  /** How long one statement may take at most, its answer read to the end. */
  readonly requestTimeoutMs: number;
}

export interface TdengineQueryOptions {
  /** Moment after which nobody waits for the answer, epoch ms; the request's own by default. */
  readonly deadlineMs?: number;
}

const PROBE_TIMEOUT_MS = 1_000;
const OPEN_TIMEOUT_MS = 5_000;
const status = sql`SELECT SERVER_STATUS()`;

/** Every connection of a service to TDengine. Errors become Failures here and nowhere else. */
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
   * Runs one statement. It may run twice: where its connection had died idle, it goes out again on another, unseen. That
   * is safe for all the house sends: queries change nothing, a row written again overwrites itself (its key is child
   * table and time), DDL says IF NOT EXISTS. The second run ends before the caller is answered, so writers that wait for
   * each other stay in order. What broke after an answer began, or timed out, fails and is the caller's to repeat.
   */
  async query(statement: Sql, options: TdengineQueryOptions = {}): Promise<TdengineAnswer> {
    const deadlineMs = options.deadlineMs ?? currentContext()?.deadlineMs;
    const askedAt = performance.now();
    try {
      for (;;) {
        const lease = await this.#pool.acquire({ deadlineMs });
        const { openedAt } = lease.connection;
        try {
          return await this.#ask(lease, statement, deadlineMs);
        } catch (error) {
          // All may have died together, as when the server restarts; each is closed, so it ends with a new one.
          if (openedAt >= askedAt || !(error instanceof NoAnswer)) throw error;
        }
      }
    } catch (error) {
      throw tdengineFailure(error);
    }
  }

  /** For readiness: the server says that it is well, on a connection of this pool. */
  check(): { readonly name: 'tdengine'; readonly probe: () => Promise<void> } {
    const probe = async (): Promise<void> => {
      const { rows } = await this.query(status, { deadlineMs: Date.now() + PROBE_TIMEOUT_MS });
      if (Number(rows[0]?.[0]) !== 1) throw new Error('TDengine says that it is not well');
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

  async #ask(lease: Lease<TdengineConnection>, { text }: Sql, deadlineMs: number | undefined): Promise<TdengineAnswer> {
    const timeoutMs = remainingMs(this.#requestTimeoutMs, deadlineMs, Date.now());
    if (timeoutMs <= 0) {
      lease.release();
      throw new SilentServer(0);
    }
    try {
      const answer = await lease.connection.ask(text, timeoutMs);
      lease.release();
      return answer;
    } catch (error) {
      lease.release(isUnusable(error));
      throw error;
    }
  }
}
