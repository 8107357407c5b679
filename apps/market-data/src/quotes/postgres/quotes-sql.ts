import { hasMinutesFrom } from '../../bars/postgres/sql/frames.js';
import { newestTwoDays } from '../../bars/postgres/sql/stored.js';
import { suspendedMemberSql, suspendedSql } from '../../bars/postgres/sql/suspended-sql.js';
import { zoneSql } from '../../bars/postgres/sql/zone-sql.js';

/** Milliseconds, or microseconds where the stamp `t` has some. */
const localTime = (t: string): string => `to_char(${t}, CASE WHEN ${t} = date_trunc('milliseconds', ${t})
  THEN 'YYYY-MM-DD"T"HH24:MI:SS.MS' ELSE 'YYYY-MM-DD"T"HH24:MI:SS.US' END)`;
const time = `(${localTime('q.t')} || ${zoneSql('q.t')})`;
const value = (column: string): string => `coalesce(q.${column}::text, 'null')`;

/** A row `q` of quotes_latest as the JSON of a client. */
const quoteJson = `'{"t":"' || ${time} || '","last":' || ${value('last')} || ',"prev_close":' || ${value('prev_close')}
  || ',"open":' || ${value('open')} || ',"high":' || ${value('high')} || ',"low":' || ${value('low')} || ',"v":' || ${value('volume')}
  || ',"amt":' || ${value('amount')} || ',"bids":' || ${value('bids')} || ',"asks":' || ${value('asks')} || ',"seq":' || q.seq || '}'`;

/** A day `d` as the JSON of a client. */
const barJson = `'{"t":"' || to_char(d.day, 'YYYY-MM-DD') || 'T00:00:00' || ${zoneSql('d.day')} || '","o":' || trim_scale(d.open) || ',"h":'
  || trim_scale(d.high) || ',"l":' || trim_scale(d.low) || ',"c":' || trim_scale(d.close) || ',"v":' || d.volume
  || ',"amt":' || coalesce(trim_scale(d.amount)::text, 'null') || ${suspendedMemberSql('d.suspended')} || '}'`;

const quoteColumns = `${quoteJson} AS quote, ${time} AS t, q.simulated`;

export const latestStatement = {
  name: 'quotes-latest',
  text: `SELECT w.place::int - 1 AS place, ${quoteColumns}
    FROM unnest($1::int[]) WITH ORDINALITY AS w (id, place) JOIN market_data.quotes_latest q ON q.instrument_id = w.id
    ORDER BY w.place`,
};

const bars = `array_agg(${barJson} ORDER BY d.day DESC) AS bars`;
/** The first day without a daily bar that lies near the newest two, `s.older` and `s.newest`; a weekend is no gap. */
const gap = `CASE WHEN s.newest - s.older = 1 OR s.newest - s.older = 3 AND extract(isodow FROM s.older) = 5 THEN s.newest + 1
  WHEN s.older < s.newest THEN s.older + 1 ELSE '-infinity' END`;

/** With the newest two daily bars; `may_be_made` where a day near them may be made of minute bars ({@link newestDaysStatement}). */
export const snapshotsStatement = {
  name: 'quotes-snapshots',
  text: `SELECT w.place::int - 1 AS place, ${quoteColumns}, s.bars, ${hasMinutesFrom(`(${gap})::timestamp`)} AS may_be_made
    FROM unnest($1::int[]) WITH ORDINALITY AS w (id, place)
    LEFT JOIN market_data.quotes_latest q ON q.instrument_id = w.id
    CROSS JOIN LATERAL (
      SELECT ${bars}, max(d.day) AS newest, min(d.day) AS older
      FROM (SELECT b.*, ${suspendedSql('b')} AS suspended FROM market_data.bars_daily b
        WHERE b.instrument_id = w.id ORDER BY b.day DESC LIMIT 2) d
    ) s
    ORDER BY w.place`,
};

/** The newest two days of instruments, also those made of minute bars. It looks into every partition, so it is not for all. */
export const newestDaysStatement = {
  name: 'quotes-newest-days',
  text: `SELECT w.id, d.bars FROM unnest($1::int[]) AS w (id) CROSS JOIN LATERAL (SELECT ${bars} FROM (${newestTwoDays}) d) d`,
};

/** Locks the stored quotes, always in the same order, so that two batches cannot deadlock. */
export const holdStatement = {
  name: 'quotes-hold',
  text: `SELECT instrument_id, seq::int8::text AS seq, ${localTime('t')} AS t, last::text, prev_close::text, open::text,
      high::text, low::text, volume::text AS v, amount::text AS amt, bids, asks, simulated
    FROM market_data.quotes_latest WHERE instrument_id = ANY($1::int[]) ORDER BY instrument_id FOR UPDATE`,
};

const columns =
  'instrument_id, seq, t, last, prev_close, open, high, low, volume, amount, bids, asks, simulated, received_at';
const changing = columns.split(', ').slice(1);

export const storeStatement = {
  name: 'quotes-store',
  text: `WITH given AS (
      SELECT u.*, to_timestamp($14::float8 / 1000) AS received_at
      FROM unnest($1::int[], $2::bigint[], $3::timestamp[], $4::numeric[], $5::numeric[], $6::numeric[], $7::numeric[], $8::numeric[],
        $9::bigint[], $10::numeric[], $11::jsonb[], $12::jsonb[], $13::boolean[])
        AS u (instrument_id, seq, t, last, prev_close, open, high, low, volume, amount, bids, asks, simulated)
    ), history AS (
      INSERT INTO market_data.quotes (${columns}) SELECT ${columns} FROM given
    )
    INSERT INTO market_data.quotes_latest (${columns})
    SELECT DISTINCT ON (instrument_id) ${columns} FROM given ORDER BY instrument_id, seq DESC
    ON CONFLICT (instrument_id) DO UPDATE SET ${changing.map((column) => `${column} = excluded.${column}`).join(', ')}`,
};
