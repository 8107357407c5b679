import { Injectable } from '@nestjs/common';
import { PostgresPool, type WritingClient } from '@mystocks/connection-pool';
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
  /** Bars or quotes of it are stored, or were. */
  readonly in_use: boolean;
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

// In the order of ids, so that two transactions never wait for each other in a circle.
const markUsed = `UPDATE market_data.instruments SET in_use = true WHERE id IN (
  SELECT id FROM market_data.instruments WHERE id = ANY ($1::int[]) AND NOT in_use ORDER BY id FOR NO KEY UPDATE)`;

/** `%` and `_` are letters here, not wildcards. */
const literally = (text: string): string => text.replaceAll(/[\\%_]/g, String.raw`\$&`);

@Injectable()
export class InstrumentsRepository {
  constructor(private readonly pool: PostgresPool) {}

  async all(): Promise<Instrument[]> {
    const text = 'SELECT id, symbol, code, exchange, kind, name, status, in_use FROM market_data.instruments';
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

  /**
   * Notes that rows of these instruments are stored with this transaction. The rows of the instruments are locked until
   * its end; false when one of them does not exist any more.
   */
  async markInUse(client: WritingClient, ids: readonly number[]): Promise<boolean> {
    const { rowCount } = await client.query({ name: 'instruments-mark', text: markUsed, values: [ids] });
    if (rowCount === ids.length) return true;
    // The others were in use already, if they are there: a new statement sees what was committed meanwhile.
    const text = 'SELECT count(*)::int AS used FROM market_data.instruments WHERE id = ANY ($1::int[]) AND in_use';
    const { rows } = await client.query<{ used: number }>({ name: 'instruments-used', text, values: [ids] });
    return rows[0]?.used === ids.length;
  }

  /** Locks an instrument for its removal; undefined when there is none. */
  async lock(client: WritingClient, symbol: string): Promise<Pick<Instrument, 'id' | 'symbol' | 'in_use'> | undefined> {
    const text = 'SELECT id, symbol, in_use FROM market_data.instruments WHERE symbol = $1 FOR UPDATE';
    return (await client.query<Pick<Instrument, 'id' | 'symbol' | 'in_use'>>({ text, values: [symbol] })).rows[0];
  }

  async remove(client: WritingClient, id: number): Promise<void> {
    await client.query({ text: 'DELETE FROM market_data.instruments WHERE id = $1', values: [id] });
  }
}

const readOptions = (): { after: string | undefined } => ({ after: currentContext()?.readAfter });
