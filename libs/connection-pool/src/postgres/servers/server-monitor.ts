import { compareLsn, type Lsn } from '@mystocks/kernel';
import pg from 'pg';
import { endClient } from '../connections/end-client.js';
import { within } from './time-limit.js';
import { SharedQuestion } from './shared-query.js';
import { ASK_POSITION } from '../connections/log-position.js';
import { BEAT, FILL, LOOK, type Sight } from './server-state.js';

const PATIENCE_MS = 1_000;

/** A sight, and over which connection of its monitor it was had. */
export interface Sighting {
  readonly sight: Sight;
  /** Another number is another connection: the server may have been away in between. */
  readonly connection: number;
}

/** A connection to one server for questions about the server itself, so that they never queue behind work. */
export class Monitor {
  readonly #config: pg.ClientConfig;
  readonly #looks = new SharedQuestion(() => this.#look());
  readonly #positions = new SharedQuestion(() => this.#position());
  #client: pg.Client | undefined;
  #connection = 0;
  #closed = false;
  #wake: () => void = () => undefined;

  constructor(options: { readonly url: string; readonly name: string }) {
    this.#config = {
      connectionString: options.url,
      application_name: options.name,
      connectionTimeoutMillis: PATIENCE_MS,
      keepAlive: true,
    };
  }

  /** Looks at the server now; connects where it must. Fails when it cannot be reached or says nothing. */
  look(): Promise<Sighting> {
    return this.#looks.answer();
  }

  /**
   * The primary's {@link POSITION} now. Only over the connection it was last looked at, else it fails: another server
   * could have taken its place.
   */
  position(): Promise<Lsn> {
    return this.#positions.answer();
  }

  /** Makes the primary's beat, unless somebody just did. */
  async beat(): Promise<void> {
    if (this.#client !== undefined) await this.#ask(this.#client, { text: BEAT });
  }

  /** Fills a primary's log until it ends after `position`. */
  async fillBeyond(position: Lsn): Promise<void> {
    for (let end: Lsn | undefined; end === undefined || compareLsn(end, position) <= 0;) {
      if (this.#client === undefined) throw new Error('the connection to the primary is lost');
      const { rows } = await this.#ask<{ lsn: Lsn }>(this.#client, { text: FILL, values: [position] });
      end = rows[0]?.lsn;
    }
  }

  /** Ends after `ms`, or when the connection is lost. */
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

  async #look(): Promise<Sighting> {
    const client = (this.#client ??= await this.#open());
    const connection = this.#connection;
    const { rows } = await this.#ask<Sight>(client, LOOK);
    const [sight] = rows;
    if (sight === undefined) throw new Error('replication.heartbeat is empty');
    return { sight, connection };
  }

  async #position(): Promise<Lsn> {
    if (this.#client === undefined) throw new Error('the connection to the primary is lost');
    const { rows } = await this.#ask<{ lsn: Lsn }>(this.#client, ASK_POSITION);
    const [row] = rows;
    if (row === undefined) throw new Error('the server told no log position');
    return row.lsn;
  }

  async #ask<Row extends pg.QueryResultRow>(client: pg.Client, question: pg.QueryConfig): Promise<pg.QueryResult<Row>> {
    try {
      return await within(PATIENCE_MS, client.query<Row>(question));
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
    // Closed meanwhile: nobody else would end it.
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
