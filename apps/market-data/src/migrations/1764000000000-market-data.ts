import type { MigrationInterface, QueryRunner } from 'typeorm';

const FIRST_YEAR = 2015;
const LAST_YEAR = 2035;

const tables = `
CREATE TABLE market_data.instruments (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  symbol text NOT NULL UNIQUE,
  code text NOT NULL,
  exchange text NOT NULL CHECK (exchange IN ('SSE', 'SZSE', 'BSE')),
  kind text NOT NULL CHECK (kind IN ('stock', 'index')),
  name text,
  area text,
  industry text,
  list_date date,
  status text NOT NULL CHECK (status IN ('listed', 'delisted', 'unlisted'))
);
CREATE TABLE market_data.bars_daily (
  instrument_id int NOT NULL,
  day date NOT NULL,
  open numeric NOT NULL,
  high numeric NOT NULL,
  low numeric NOT NULL,
  close numeric NOT NULL,
  volume bigint NOT NULL,
  amount numeric,
  pre_close numeric,
  adj_factor numeric,
  trade_status smallint,
  PRIMARY KEY (instrument_id, day)
);
CREATE TABLE market_data.bars_minute (
  instrument_id int NOT NULL,
  minutes smallint NOT NULL CHECK (minutes IN (1, 5, 15, 30, 60)),
  t timestamp(0) NOT NULL,
  open numeric NOT NULL,
  high numeric NOT NULL,
  low numeric NOT NULL,
  close numeric NOT NULL,
  volume bigint NOT NULL,
  amount numeric,
  PRIMARY KEY (instrument_id, minutes, t)
) PARTITION BY RANGE (t);
CREATE TABLE market_data.bars_minute_default PARTITION OF market_data.bars_minute DEFAULT;
CREATE TABLE market_data.quotes_latest (
  instrument_id int PRIMARY KEY,
  t timestamp(3) NOT NULL,
  last numeric,
  prev_close numeric,
  open numeric,
  high numeric,
  low numeric,
  volume bigint,
  amount numeric,
  bids jsonb,
  asks jsonb,
  simulated boolean NOT NULL DEFAULT false,
  seq bigint NOT NULL,
  received_at timestamptz NOT NULL
);
CREATE TABLE market_data.quotes (LIKE market_data.quotes_latest, PRIMARY KEY (instrument_id, seq));
`;

// The application role reads and writes rows; it neither owns nor alters a table.
const grants = `
GRANT USAGE ON SCHEMA market_data TO market_data;
GRANT SELECT, INSERT, UPDATE, DELETE ON
  market_data.instruments, market_data.bars_daily, market_data.bars_minute, market_data.quotes_latest, market_data.quotes
  TO market_data;
`;

/** Instruments, bars and quotes. Times are China local time; a minute bar is stamped with its end. */
export class MarketData1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(tables);
    for (let year = FIRST_YEAR; year <= LAST_YEAR; year += 1) {
      const partition = `CREATE TABLE market_data.bars_minute_${year} PARTITION OF market_data.bars_minute
        FOR VALUES FROM ('${year}-01-01') TO ('${year + 1}-01-01')`;
      await runner.query(partition);
    }
    await runner.query(grants);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'DROP TABLE market_data.quotes, market_data.quotes_latest, market_data.bars_minute, market_data.bars_daily, market_data.instruments',
    );
  }
}
