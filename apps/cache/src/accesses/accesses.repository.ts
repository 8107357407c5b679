import { PostgresPool } from '@mystocks/connection-pool';
import { Injectable } from '@nestjs/common';
import { hourWeights } from './decay.js';

/** So long reads are kept, days: what a forecast may learn from. */
const KEEP_DAYS = 60;
/** So many symbols an hour are kept, those read most; the exchanges list fewer. */
const SYMBOLS_PER_HOUR_MAX = 6_000;

/** Sorted, so that two instances never wait for each other in a circle. */
const ADD = `
INSERT INTO cache.symbol_accesses AS a (hour, symbol, reads)
SELECT hour, symbol, reads FROM unnest($1::timestamptz[], $2::text[], $3::bigint[]) AS told (hour, symbol, reads)
ORDER BY hour, symbol
ON CONFLICT (hour, symbol) DO UPDATE SET reads = a.reads + excluded.reads`;
const FORGET = `DELETE FROM cache.symbol_accesses WHERE hour < $1::timestamptz - make_interval(days => $2)`;
/** Counts may come late by as long as they may wait: a day. */
const THIN_OUT = `
DELETE FROM cache.symbol_accesses AS a USING (
  SELECT hour, symbol, row_number() OVER (PARTITION BY hour ORDER BY reads DESC, symbol) AS place
  FROM cache.symbol_accesses WHERE hour >= $1::timestamptz - interval '25 hours'
) AS ranked
WHERE ranked.place > $2 AND a.hour = ranked.hour AND a.symbol = ranked.symbol`;
const HOTTEST = `
SELECT symbol, sum(reads * weight) AS total
FROM unnest($1::timestamptz[], $2::float8[]) AS counts (hour, weight) JOIN cache.symbol_accesses USING (hour)
GROUP BY symbol ORDER BY total DESC, symbol LIMIT $3`;
/** Which hours there are is asked hour by hour: counting them over all rows would read millions. */
const KNOWN = `
SELECT (SELECT count(*)::int FROM (
    SELECT FROM unnest($1::timestamptz[]) AS asked (hour) JOIN cache.symbol_accesses USING (hour) GROUP BY symbol
  ) AS distinct_symbols) AS symbols,
  (SELECT count(*)::int FROM unnest($1::timestamptz[]) AS asked (hour)
    WHERE EXISTS (SELECT FROM cache.symbol_accesses AS a WHERE a.hour = asked.hour)) AS hours,
  (SELECT min(hour) FROM cache.symbol_accesses) AS since`;

/** Reads of one symbol in one hour. */
export interface HourOfReads {
  /** When the hour began, epoch ms. */
  readonly hourMs: number;
  readonly symbol: string;
  readonly reads: number;
}

/** What there is to rank by. */
export interface KnownAccesses {
  readonly symbols: number;
  readonly hours: number;
  readonly since: Date | null;
}

const isoOf = ({ hourMs }: { readonly hourMs: number }): string => new Date(hourMs).toISOString();

/** The access log: reads by symbol and hour. */
@Injectable()
export class AccessesRepository {
  constructor(private readonly pool: PostgresPool) {}

  /** Adds to the stored counts, because many instances report the same hour. */
  async add(reads: readonly HourOfReads[]): Promise<void> {
    const values = [reads.map(isoOf), reads.map(({ symbol }) => symbol), reads.map(({ reads: count }) => count)];
    await this.pool.write((client) => client.query({ name: 'add-accesses', text: ADD, values }));
  }

  /** Keeps the log within its bounds: {@link KEEP_DAYS} days of {@link SYMBOLS_PER_HOUR_MAX} symbols an hour. */
  async prune(nowMs: number): Promise<void> {
    const now = new Date(nowMs).toISOString();
    await this.pool.write(async (client) => {
      await client.query({ text: FORGET, values: [now, KEEP_DAYS] });
      await client.query({ text: THIN_OUT, values: [now, SYMBOLS_PER_HOUR_MAX] });
    });
  }

  /** The symbols read most, a read counting half as much every `halfLifeHours`; most first. */
  async hottest(nowMs: number, halfLifeHours: number, count: number): Promise<string[]> {
    const weights = hourWeights(nowMs, halfLifeHours);
    const values = [weights.map(isoOf), weights.map(({ weight }) => weight), count];
    const { rows } = await this.pool.query<{ symbol: string }>({ text: HOTTEST, values });
    return rows.map(({ symbol }) => symbol);
  }

  /** What there is in the hours that count. */
  async known(nowMs: number, halfLifeHours: number): Promise<KnownAccesses> {
    const values = [hourWeights(nowMs, halfLifeHours).map(isoOf)];
    const { rows } = await this.pool.query<KnownAccesses>({ text: KNOWN, values });
    return rows[0] ?? { symbols: 0, hours: 0, since: null };
  }
}
