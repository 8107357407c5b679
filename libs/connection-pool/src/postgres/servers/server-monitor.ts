import { compareLsn, type Lsn, withTimeLimit } from '@mystocks/kernel';
import pg from 'pg';
import { endClient } from '../connections/end-client.js';
import { READ_POSITION } from '../connections/log-position.js';
import { FILL_LOG, READ_STATE, WRITE_HEARTBEAT, type ServerState } from './server-state.js';
import { SharedQuery } from './shared-query.js';

const TIME_LIMIT_MS = 1_000;

/** A state, and the number of the monitor's connection that it was read over. */
export interface MonitorReading {
  readonly state: ServerState;
  /** A new number means a new connection: the server may have been away in between. */
  readonly connection: number;
}

/** A connection to one server for queries about the server itself, so that these never queue behind other work. */
export class ServerMonitor {
  readonly #config: pg.ClientConfig;
  readonly #readings = new SharedQuery(() => this.#read());
  readonly #positions = new SharedQuery(() => this.#position());
  #client: pg.Client | undefined;
  #connection = 0;
  #closed = false;
  #wake: () => void = () => undefined;

  constructor(options: { readonly url: string; readonly name: string }) {
    this.#config = {
      connectionString: options.url,
      application_name: options.name,
      connectionTimeoutMillis: TIME_LIMIT_MS,
      keepAlive: true,
    };
  }

  /** Reads the state of the server now, and connects first if necessary. Rejects when the server does not answer. */
  read(): Promise<MonitorReading> {
    return this.#readings.run();
  }

  /**
   * The primary's {@link POSITION} now. Rejects when the connection over which its state was read is lost, because
   * another server could have become the primary meanwhile.
   */
  position(): Promise<Lsn> {
    return this.#positions.run();
  }

  /** Writes the primary's heartbeat, unless another instance just did. */
  async writeHeartbeat(): Promise<void> {
    if (this.#client !== undefined) await this.#query(this.#client, { text: WRITE_HEARTBEAT });
  }

  /** Fills the log of a primary until it ends after `position`. */
  async fillLogBeyond(position: Lsn): Promise<void> {
    for (let end: Lsn | undefined; end === undefined || compareLsn(end, position) <= 0;) {
      if (this.#client === undefined) throw new Error('the connection to the primary is lost');
      const { rows } = await this.#query<{ lsn: Lsn }>(this.#client, { text: FILL_LOG, values: [position] });
      end = rows[0]?.lsn;
    }
  }

  /** Resolves after `ms`, or earlier when the connection is lost. */
  async pause(ms: number): Promise<void> {
    if (this.#closed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      timer.unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
    const client = this.#client;
    this.#client = undefined;
    if (client !== undefined) await endClient(client);
  }

  async #read(): Promise<MonitorReading> {
    const client = (this.#client ??= await this.#open());
    const connection = this.#connection;
    const { rows } = await this.#query<ServerState>(client, READ_STATE);
    const [state] = rows;
    if (state === undefined) throw new Error('replication.heartbeat is empty');
    return { state, connection };
  }

  async #position(): Promise<Lsn> {
    if (this.#client === undefined) throw new Error('the connection to the primary is lost');
    const { rows } = await this.#query<{ lsn: Lsn }>(this.#client, READ_POSITION);
    const [row] = rows;
    if (row === undefined) throw new Error('the server returned no log position');
    return row.lsn;
  }

  async #query<Row extends pg.QueryResultRow>(client: pg.Client, query: pg.QueryConfig): Promise<pg.QueryResult<Row>> {
    try {
      return await withTimeLimit(TIME_LIMIT_MS, client.query<Row>(query));
    } catch (error) {
      this.#drop(client);
      throw error;
    }
  }

  async #open(): Promise<pg.Client> {
    if (this.#closed) throw new Error('the monitor is closed');
    const client = new pg.Client(this.#config);
    const lost = (): void => {
      this.#drop(client);
    };
    client.on('error', lost);
    client.once('end', lost);
    try {
      await client.connect();
    } catch (error) {
      client.connection.stream.destroy();
      throw error;
    }
    // The monitor was closed during the connect, and `close` did not know of this client.
    if (this.#closed) await endClient(client);
    this.#connection += 1;
    return client;
  }

  #drop(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    client.connection.stream.destroy();
    this.#wake();
  }
}
