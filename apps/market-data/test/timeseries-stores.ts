import { randomBytes } from 'node:crypto';
import { afterAll } from '@jest/globals';
import { fixedNames, PostgresPool, runMigrations, sql, TdenginePool } from '@mystocks/connection-pool';
import {
  realTdengineUrl,
  startPostgres,
  startTdengineStandIn,
  type PostgresServer,
  type TdengineStandIn,
} from '@mystocks/testing';
import type { BarsRepository } from '../src/bars/stored/bars.repository.js';
import { PostgresBarsRepository } from '../src/bars/postgres/postgres-bars.repository.js';
import { TdengineBarsReader } from '../src/bars/tdengine/tdengine-bars.reader.js';
import { TdengineFactorsReader } from '../src/bars/tdengine/tdengine-factors.reader.js';
import { TdengineBarsRepository } from '../src/bars/tdengine/tdengine-bars.repository.js';
import { FactorsRepository } from '../src/factors/factors.repository.js';
import type { BarsIngestRepository } from '../src/ingest/rows/bars-ingest.repository.js';
import { PostgresBarsIngestRepository } from '../src/ingest/postgres/postgres-bars-ingest.repository.js';
import { TdengineBarsIngestRepository } from '../src/ingest/tdengine/tdengine-bars-ingest.repository.js';
import type { InstrumentDirectory } from '../src/instruments/instrument-directory.js';
import { migrations } from '../src/migrations/index.js';
import { PostgresQuotesRepository } from '../src/quotes/postgres/postgres-quotes.repository.js';
import type { QuotesRepository } from '../src/quotes/stored/quotes.repository.js';
import { TdengineQuotesRepository } from '../src/quotes/tdengine/tdengine-quotes.repository.js';
import { TdengineStore } from '../src/tdengine/tdengine.store.js';

/** The servers of a test file, and those of them that no suite uses now: starting and migrating one takes seconds. */
const servers: PostgresServer[] = [];
const unused: PostgresServer[] = [];
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
}, 60_000);

async function startServer(): Promise<PostgresServer> {
  const server = await startPostgres();
  servers.push(server);
  await runMigrations({ url: server.ownerUrl, schema: 'market_data', migrations });
  return server;
}

const EMPTY_TABLES = `DO $$ BEGIN
  EXECUTE (SELECT 'TRUNCATE ' || string_agg(format('market_data.%I', tablename), ', ') || ' RESTART IDENTITY'
    FROM pg_tables WHERE schemaname = 'market_data' AND tablename <> 'migrations');
END $$`;

/** A migrated database with empty tables. */
interface OpenDatabase {
  /** For the role of the service. */
  readonly url: string;
  /** Runs a statement as the owner of the tables. */
  asOwner(text: string): Promise<void>;
  /** Leaves the database to the next suite of the file. */
  close(): void;
}

export async function openDatabase(): Promise<OpenDatabase> {
  const server = unused.pop() ?? (await startServer());
  const asOwner = async (text: string): Promise<void> => {
    const limits = { size: 1, overflow: 0, statementTimeoutMs: 60_000 };
    const pool = new PostgresPool({ name: 'owner', url: server.ownerUrl, ...limits });
    await pool.write((client) => client.query(text));
    await pool.close();
  };
  await asOwner(EMPTY_TABLES);
  return { url: server.urlOf('market_data'), asOwner, close: () => void unused.push(server) };
}

/** What the conformance suites ask of a store. */
export interface OpenStore {
  readonly bars: BarsRepository;
  readonly barsIngest: BarsIngestRepository;
  readonly quotes: QuotesRepository;
  /** How many quotes of a symbol are kept. */
  history(symbol: string): Promise<number[]>;
  /** Forgets every bar and quote. */
  empty(): Promise<void>;
  stop(): Promise<void>;
}

/** A place where bars and quotes can live. */
export interface TimeseriesStore {
  readonly name: string;
  open(pool: PostgresPool, directory: InstrumentDirectory): Promise<OpenStore>;
}

export const onPostgres: TimeseriesStore = {
  name: 'PostgreSQL',
  open: (pool) =>
    Promise.resolve({
      bars: new PostgresBarsRepository(pool),
      barsIngest: new PostgresBarsIngestRepository(),
      quotes: new PostgresQuotesRepository(pool),
      history: async (symbol) => {
        const text = `SELECT seq::int FROM market_data.quotes JOIN market_data.instruments ON id = instrument_id WHERE symbol = $1 ORDER BY seq`;
        return (await pool.query<{ seq: number }>({ text, values: [symbol] })).rows.map(({ seq }) => seq);
      },
      empty: async () => {
        await pool.write(async (client) => {
          await client.query('DELETE FROM market_data.bars_daily');
          await client.query('DELETE FROM market_data.bars_minute');
          await client.query('DELETE FROM market_data.quotes');
          await client.query('DELETE FROM market_data.quotes_latest');
        });
      },
      stop: () => Promise.resolve(),
    }),
};

/** TDengine adapters over a server at `url`, in a database of their own. */
export async function openTdengine(
  url: string,
  postgres: PostgresPool,
  directory: InstrumentDirectory,
): Promise<OpenStore> {
  const database = `mystocks_${randomBytes(4).toString('hex')}`;
  const limits = { size: 4, overflow: 4, acquireTimeoutMs: 5_000, requestTimeoutMs: 20_000 };
  const pool = new TdenginePool({ name: 'spec-tdengine', url, database, ...limits });
  const store = new TdengineStore(pool, database);
  const reader = new TdengineBarsReader(store);
  return {
    bars: new TdengineBarsRepository(
      directory,
      reader,
      new TdengineFactorsReader(store),
      new FactorsRepository(postgres),
    ),
    barsIngest: new TdengineBarsIngestRepository(directory, store),
    quotes: new TdengineQuotesRepository(directory, store, reader),
    history: async (symbol) => {
      const rows = await store.query(sql`SELECT symbol, seq FROM ticks ORDER BY ts ASC`);
      return rows.filter(([name]) => name === symbol).map(([, seq]) => Number(seq));
    },
    empty: async () => {
      await store.prepare();
      for (const table of [sql`bars`, sql`ticks`]) await pool.query(sql`DELETE FROM ${table}`);
    },
    stop: async () => {
      await pool.query(sql`DROP DATABASE IF EXISTS ${fixedNames(database)(database)}`);
      await pool.close();
    },
  };
}

/** The stand-in of libs/testing; `standIn` is that of the store opened last. */
export const onStandIn: TimeseriesStore & { standIn: TdengineStandIn | undefined } = {
  name: 'TDengine (the stand-in)',
  standIn: undefined,
  async open(pool, directory) {
    const standIn = await startTdengineStandIn();
    this.standIn = standIn;
    const store = await openTdengine(standIn.url, pool, directory);
    const stop = async (): Promise<void> => {
      await store.stop();
      await standIn.stop();
    };
    return { ...store, stop };
  },
};

const url = realTdengineUrl();
const onServer = (at: string): TimeseriesStore => ({
  name: 'TDengine (the server of TDENGINE_URL)',
  open: (pool, directory) => openTdengine(at, pool, directory),
});

/** All that can be tested here: a real TDengine only where TDENGINE_URL names one. */
export const timeseriesStores: readonly TimeseriesStore[] = [
  onPostgres,
  onStandIn,
  ...(url === undefined ? [] : [onServer(url)]),
];
