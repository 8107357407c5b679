import { Injectable } from '@nestjs/common';
import type { Exchange, InstrumentKind, InstrumentStatus } from '@mystocks/contracts';
import type { Unknown } from '../read/bar-symbols.js';
import type { Transaction } from '../../transactions/ingest-transactions.js';

/** An instrument as a list gives it; null where the list says nothing. */
export interface ListedInstrument {
  readonly symbol: string;
  readonly code: string;
  readonly exchange: Exchange;
  /** Null where the list has no such column, or an empty one. */
  readonly kind: InstrumentKind | null;
  /** Its kind if it is new and the list does not say it. */
  readonly new_kind: InstrumentKind;
  readonly name: string | null;
  readonly area: string | null;
  readonly industry: string | null;
  readonly list_date: string | null;
  /** Null where the list does not say it. */
  readonly status: InstrumentStatus | null;
}

const columns = 'symbol, code, exchange, kind, name, area, industry, list_date, status';
const given = `json_to_recordset($1::json) AS given(symbol text, code text, exchange text, kind text,
  new_kind text, name text, area text, industry text, list_date date, status text)`;

const register = `INSERT INTO market_data.instruments (${columns}) SELECT ${columns} FROM ${given}
  ORDER BY symbol ON CONFLICT (symbol) DO NOTHING RETURNING symbol`;

// What a list does not say is kept; unchanged rows are left alone. To be named by a list is to be listed, unless delisted.
const merge = `WITH given AS MATERIALIZED (SELECT * FROM ${given}),
  changed AS MATERIALIZED (
    SELECT symbol, g.code, g.exchange, s.kind, g.name, g.area, g.industry, g.list_date, s.status, i.id IS NULL AS fresh,
      s.kind <> i.kind AS rekinded, g.name <> i.name AS renamed
    FROM given g LEFT JOIN market_data.instruments i USING (symbol)
    CROSS JOIN LATERAL (SELECT coalesce(g.kind, i.kind, g.new_kind) AS kind,
      coalesce(g.status, CASE i.status WHEN 'delisted' THEN i.status ELSE 'listed' END) AS status) s
    WHERE i.id IS NULL OR (s.kind, s.status) IS DISTINCT FROM (i.kind, i.status)
      OR coalesce(g.name, i.name) IS DISTINCT FROM i.name OR coalesce(g.area, i.area) IS DISTINCT FROM i.area
      OR coalesce(g.industry, i.industry) IS DISTINCT FROM i.industry
      OR coalesce(g.list_date, i.list_date) IS DISTINCT FROM i.list_date),
  stored AS (
    INSERT INTO market_data.instruments AS i (${columns}) SELECT ${columns} FROM changed ORDER BY symbol
    ON CONFLICT (symbol) DO UPDATE SET kind = excluded.kind, status = excluded.status,
      name = coalesce(excluded.name, i.name), area = coalesce(excluded.area, i.area),
      industry = coalesce(excluded.industry, i.industry), list_date = coalesce(excluded.list_date, i.list_date))
  SELECT coalesce(array_agg(symbol) FILTER (WHERE fresh), '{}') AS inserted,
    coalesce(array_agg(symbol) FILTER (WHERE NOT fresh), '{}') AS updated,
    coalesce(array_agg(symbol) FILTER (WHERE rekinded), '{}') AS rekinded,
    coalesce(array_agg(symbol) FILTER (WHERE renamed), '{}') AS renamed FROM changed`;

export interface ChangedInstruments {
  readonly inserted: readonly string[];
  readonly updated: readonly string[];
  /** Those of the updated whose kind is another one now. */
  readonly rekinded: readonly string[];
  /** Those of the updated that had another name. */
  readonly renamed: readonly string[];
}

@Injectable()
export class InstrumentsIngestRepository {
  /** Makes instruments that only bars name so far; answers the symbols that were new. */
  async register({ client }: Transaction, unlisted: readonly Unknown[]): Promise<string[]> {
    const values = [JSON.stringify(unlisted.map((one) => ({ ...one, status: 'unlisted' })))];
    const { rows } = await client.query<{ symbol: string }>({ text: register, values });
    return rows.map(({ symbol }) => symbol);
  }

  /** Stores a list, every symbol once. */
  async merge({ client }: Transaction, listed: readonly ListedInstrument[]): Promise<ChangedInstruments> {
    const { rows } = await client.query<ChangedInstruments>({ text: merge, values: [JSON.stringify(listed)] });
    return rows[0] ?? { inserted: [], updated: [], rekinded: [], renamed: [] };
  }
}
