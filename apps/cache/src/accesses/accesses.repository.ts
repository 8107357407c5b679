import { PostgresPool } from '@mystocks/connection-pool';
import { Injectable } from '@nestjs/common';

/** So long reads are kept, days: what a forecast may learn from. */
const KEEP_DAYS = 60;
/** So many symbols an hour are kept, those read most; the exchanges list fewer. */
const SYMBOLS_PER_HOUR_MAX = 6_000;
/** Older reads weigh less than a thousandth and are not looked at. */
const HALF_LIVES_MAX = 10;

/** Sorted, so that two instances never wait for each other in a circle. */
const ADD = `
INSERT INTO cache.symbol_accesses AS a (hour, symbol, reads)
SELECT hour, symbol, reads FROM unnest($1::timestamptz[], $2::text[], $3::bigint[]) AS told (hour, symbol, reads)
ORDER BY hour, symbol
ON CONFLICT (hour, symbol) DO UPDATE SET reads = a.reads + excluded.reads`;
const FORGET = `DELETE FROM cache.symbol_accesses WHERE hour < $1::timestamptz - make_interval(days => $2)`;
const THIN_OUT = `
DELETE FROM cache.symbol_accesses AS a USING (
  SELECT hour, symbol, row_number() OVER (PARTITION BY hour ORDER BY reads DESC, symbol) AS place
  FROM cache.symbol_accesses WHERE hour >= $1::timestamptz - interval '2 hours'
) AS ranked
WHERE ranked.place > $2 AND a.hour = ranked.hour AND a.symbol = ranked.symbol`;
/** Reads of one hour weigh the same: only differences of age count, and they are whole hours. */
const HOTTEST = `
SELECT symbol, sum(reads * power(0.5::float8, extract(epoch FROM $1::timestamptz - hour) / 3600 / $2::float8)) AS weight
FROM cache.symbol_accesses
WHERE hour > $1::timestamptz - make_interval(secs => $3) AND hour <= $1::timestamptz
GROUP BY symbol ORDER BY weight DESC, symbol LIMIT $4`;
const KNOWN = `
SELECT count(DISTINCT symbol)::int AS symbols, count(DISTINCT hour)::int AS hours,
  (SELECT min(hour) FROM cache.symbol_accesses) AS since
FROM cache.symbol_accesses WHERE hour > $1::timestamptz - make_interval(secs => $2) AND hour <= $1::timestamptz`;

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

/** How long ago reads are looked at, hours. */
export const looksBackHours = (halfLifeHours: number): number => halfLifeHours * HALF_LIVES_MAX;

/** The access log: reads by symbol and hour. */
@Injectable()
export class AccessesRepository {
  constructor(private readonly pool: PostgresPool) {}

  /** Adds to what is there: many instances may tell of the same hour. */
  async add(reads: readonly HourOfReads[]): Promise<void> {
    const values = [
      reads.map(({ hourMs }) => new Date(hourMs).toISOString()),
      reads.map(({ symbol }) => symbol),
      reads.map(({ reads: count }) => count),
    ];
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
    const { rows } = await this.pool.query<{ symbol: string }>({
      text: HOTTEST,
      values: [new Date(nowMs).toISOString(), halfLifeHours, looksBackHours(halfLifeHours) * 3_600, count],
    });
    return rows.map(({ symbol }) => symbol);
  }

  async known(nowMs: number, halfLifeHours: number): Promise<KnownAccesses> {
    const values = [new Date(nowMs).toISOString(), looksBackHours(halfLifeHours) * 3_600];
    const { rows } = await this.pool.query<KnownAccesses>({ text: KNOWN, values });
    return rows[0] ?? { symbols: 0, hours: 0, since: null };
  }
}
