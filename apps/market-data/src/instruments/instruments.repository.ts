import { Injectable } from '@nestjs/common';
import { PostgresPool } from '@mystocks/connection-pool';
import type { Exchange, InstrumentKind, InstrumentStatus } from '@mystocks/contracts';
import { currentContext } from '@mystocks/telemetry';

/** An instrument as the other rooms of this service know it. */
export interface Instrument {
  readonly id: number;
  /** Canonical, e.g. `600519.SH`. */
  readonly symbol: string;
  readonly code: string;
  readonly exchange: Exchange;
  readonly kind: InstrumentKind;
  readonly name: string | null;
  readonly status: InstrumentStatus;
}

export interface InstrumentFilter {
  readonly exchange?: Exchange | undefined;
  readonly status?: InstrumentStatus | undefined;
  /** Start of a code, or part of a name. */
  readonly q?: string | undefined;
  /** Exact symbol that also matches, when `q` is a full spelling of one. */
  readonly symbol?: string | undefined;
  /** Symbols after this one. */
  readonly after?: string | undefined;
  readonly limit: number;
}

export interface InstrumentLine {
  readonly symbol: string;
  /** The instrument as JSON. */
  readonly item: string;
}

const item = `json_build_object('symbol', symbol, 'code', code, 'exchange', exchange, 'kind', kind, 'name', name, 'area', area,
  'industry', industry, 'list_date', list_date, 'status', status)::text AS item`;

const list = `SELECT symbol, ${item} FROM market_data.instruments
  WHERE ($1::text IS NULL OR exchange = $1)
    AND ($2::text IS NULL OR status = $2)
    AND ($3::text IS NULL OR code LIKE $3 || '%' OR name ILIKE '%' || $3 || '%' OR symbol = $4)
    AND ($5::text IS NULL OR symbol > $5)
  ORDER BY symbol LIMIT $6`;

/** `%` and `_` are letters here, not wildcards. */
const literally = (text: string): string => text.replaceAll(/[\\%_]/g, String.raw`\$&`);

@Injectable()
export class InstrumentsRepository {
  constructor(private readonly pool: PostgresPool) {}

  async all(): Promise<Instrument[]> {
    const text = 'SELECT id, symbol, code, exchange, kind, name, status FROM market_data.instruments';
    return (await this.pool.query<Instrument>({ name: 'instruments-all', text })).rows;
  }

  async list(filter: InstrumentFilter): Promise<InstrumentLine[]> {
    const { exchange, status, q, symbol, after, limit } = filter;
    const values = [
      exchange ?? null,
      status ?? null,
      q === undefined ? null : literally(q),
      symbol ?? null,
      after ?? null,
      limit,
    ];
    const statement = { name: 'instruments-list', text: list, values };
    return (await this.pool.query<InstrumentLine>(statement, readOptions())).rows;
  }

  async get(id: number): Promise<InstrumentLine | undefined> {
    const text = `SELECT symbol, ${item} FROM market_data.instruments WHERE id = $1`;
    const statement = { name: 'instruments-get', text, values: [id] };
    return (await this.pool.query<InstrumentLine>(statement, readOptions())).rows[0];
  }
}

const readOptions = (): { after: string | undefined } => ({ after: currentContext()?.readAfter });
