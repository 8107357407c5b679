import pg from 'pg';
import type { Connector } from '../../pool/connector.js';
import { endClient } from './end-client.js';

export interface PgConnectorOptions {
  readonly url: string;
  /** What the server shows as application_name. */
  readonly name: string;
  readonly statementTimeoutMs: number;
}

const CONNECT_TIMEOUT_MS = 5_000;
const PING_TIMEOUT_MS = 1_000;
/** The server's own statement timeout comes first; this much later a server that says nothing at all is given up. */
export const SILENCE_MARGIN_MS = 1_000;

/**
 * Opens PostgreSQL sessions that cannot write: whoever means to write says so (`BEGIN READ WRITE`), so nothing else
 * does, on whatever server it lands.
 */
export class PgConnector implements Connector<pg.Client> {
  readonly #config: pg.ClientConfig;

  constructor({ url, name, statementTimeoutMs }: PgConnectorOptions) {
    this.#config = {
      connectionString: url,
      application_name: name,
      statement_timeout: statementTimeoutMs,
      query_timeout: statementTimeoutMs + SILENCE_MARGIN_MS,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      options: '-c default_transaction_read_only=on',
    };
  }

  async open(): Promise<pg.Client> {
    const client = new pg.Client(this.#config);
    // One that dies between two statements says so here; unheard, it would end the process.
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
    // `query_timeout` of one statement is read by pg 8 and absent from its types.
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
