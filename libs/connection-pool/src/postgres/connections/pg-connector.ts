import pg from 'pg';
import type { Connector } from '../../pool/connector.js';
import { endClient } from './end-client.js';

export interface PgConnectorOptions {
  readonly url: string;
  /** The application_name of the sessions. */
  readonly name: string;
  readonly statementTimeoutMs: number;
}

const CONNECT_TIMEOUT_MS = 5_000;
const PING_TIMEOUT_MS = 1_000;
/** A statement is given up this much later than the server's own statement timeout, if the server does not answer. */
export const NO_ANSWER_MARGIN_MS = 1_000;

/**
 * Opens PostgreSQL sessions that are read only. A transaction that writes must begin with `BEGIN READ WRITE`, so no other
 * statement can write, on whichever server it runs.
 */
export class PgConnector implements Connector<pg.Client> {
  readonly #config: pg.ClientConfig;

  constructor({ url, name, statementTimeoutMs }: PgConnectorOptions) {
    this.#config = {
      connectionString: url,
      application_name: name,
      statement_timeout: statementTimeoutMs,
      query_timeout: statementTimeoutMs + NO_ANSWER_MARGIN_MS,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      options: '-c default_transaction_read_only=on',
    };
  }

  async open(): Promise<pg.Client> {
    const client = new pg.Client(this.#config);
    // A connection that dies between two statements emits 'error', which would end the process without a listener.
    client.on('error', () => undefined);
    try {
      await client.connect();
    } catch (error) {
      client.connection.stream.destroy();
      throw error;
    }
    return client;
  }

  ping(client: pg.Client): Promise<unknown> {
    // pg 8 supports `query_timeout` for one statement, but its types do not.
    return client.query({ text: 'SELECT 1', query_timeout: PING_TIMEOUT_MS } as { text: string });
  }

  close(client: pg.Client): Promise<void> {
    return endClient(client);
  }

  onLost(client: pg.Client, lost: () => void): void {
    client.once('error', lost);
    client.once('end', lost);
  }
}
