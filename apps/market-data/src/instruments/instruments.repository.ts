import { Injectable } from '@nestjs/common';
import { PostgresPool, type WritingClient } from '@mystocks/connection-pool';
import type { Exchange, InstrumentKind, InstrumentStatus } from '@mystocks/contracts';
import { currentContext } from '@mystocks/telemetry';

/** A stored instrument, as all features of this service use it. */
export interface Instrument {
  readonly id: number;
  /** Canonical, e.g. `600519.SH`. */
  readonly symbol: string;
  readonly code: string;
  readonly exchange: Exchange;
  readonly kind: InstrumentKind;
  readonly name: string | null;
  readonly status: InstrumentStatus;
  /** True when bars or quotes of the instrument are stored, or were stored before. */
  readonly in_use: boolean;
}

export interface InstrumentFilter {
  readonly exchange?: Exchange | undefined;
  readonly status?: InstrumentStatus | undefined;
}

export interface InstrumentLine {
  readonly symbol: string;
  /** The instrument as JSON. */
  readonly item: string;
}

const item = `json_build_object('symbol', symbol, 'code', code, 'exchange', exchange, 'kind', kind, 'name', name, 'area', area,
  'industry', industry, 'list_date', list_date, 'status', status)::text AS item`;

const filter = '($1::text IS NULL OR exchange = $1) AND ($2::text IS NULL OR status = $2)';
const list = `SELECT symbol, ${item} FROM market_data.instruments
  WHERE ${filter} AND ($3::text IS NULL OR symbol > $3) ORDER BY symbol LIMIT $4`;
const names = `SELECT symbol, name FROM market_data.instruments WHERE ${filter} ORDER BY symbol`;
const some = `SELECT symbol, ${item} FROM market_data.instruments WHERE symbol = ANY ($1::text[]) ORDER BY symbol`;

// Every transaction that stores rows takes this shared lock, and the removal of an instrument waits for it.
const share = `SELECT id FROM market_data.instruments WHERE id = ANY ($1::int[]) ORDER BY id FOR KEY SHARE`;
// Rows that another transaction is marking are skipped, so that no transaction waits for a long one.
const markUsed = `UPDATE market_data.instruments SET in_use = true WHERE id IN (
  SELECT id FROM market_data.instruments WHERE id = ANY ($1::int[]) AND NOT in_use FOR NO KEY UPDATE SKIP LOCKED)`;

@Injectable()
export class InstrumentsRepository {
  constructor(private readonly pool: PostgresPool) {}

  async all(): Promise<Instrument[]> {
    const text = 'SELECT id, symbol, code, exchange, kind, name, status, in_use FROM market_data.instruments';
    return (await this.pool.query<Instrument>({ name: 'instruments-all', text })).rows;
  }

  /** Returns the page of instruments that follows the symbol `after`, in the order of symbols. */
  async list(wanted: InstrumentFilter, after: string | undefined, limit: number): Promise<InstrumentLine[]> {
    const values = [wanted.exchange ?? null, wanted.status ?? null, after ?? null, limit];
    return (await this.pool.query<InstrumentLine>({ name: 'instruments-list', text: list, values }, readOptions()))
      .rows;
  }

  /** Returns symbols and names of all instruments that pass a filter, in the order of symbols. */
  async names({ exchange, status }: InstrumentFilter): Promise<Pick<Instrument, 'symbol' | 'name'>[]> {
    const statement = { name: 'instruments-names', text: names, values: [exchange ?? null, status ?? null] };
    return (await this.pool.query<Pick<Instrument, 'symbol' | 'name'>>(statement, readOptions())).rows;
  }

  /** These instruments, in the order of symbols. */
  async some(symbols: readonly string[]): Promise<InstrumentLine[]> {
    const statement = { name: 'instruments-some', text: some, values: [symbols] };
    return (await this.pool.query<InstrumentLine>(statement, readOptions())).rows;
  }

  async get(id: number): Promise<InstrumentLine | undefined> {
    const text = `SELECT symbol, ${item} FROM market_data.instruments WHERE id = $1`;
    const statement = { name: 'instruments-get', text, values: [id] };
    return (await this.pool.query<InstrumentLine>(statement, readOptions())).rows[0];
  }

  /**
   * Locks instruments for a transaction that stores rows of them: until its end none of them can be removed, and after its
   * commit they are in use. Returns false when one of them no longer exists.
   */
  async markInUse(client: WritingClient, ids: readonly number[]): Promise<boolean> {
    const { rows } = await client.query<{ id: number }>({ name: 'instruments-share', text: share, values: [ids] });
    if (rows.length < ids.length) return false;
    await client.query({ name: 'instruments-mark', text: markUsed, values: [ids] });
    return true;
  }

  /** Locks an instrument for its removal and returns it; undefined when it does not exist. */
  async lock(client: WritingClient, symbol: string): Promise<Pick<Instrument, 'id' | 'symbol' | 'in_use'> | undefined> {
    const text = 'SELECT id, symbol, in_use FROM market_data.instruments WHERE symbol = $1 FOR UPDATE';
    return (await client.query<Pick<Instrument, 'id' | 'symbol' | 'in_use'>>({ text, values: [symbol] })).rows[0];
  }

  /** Deletes an instrument together with its adjustment factors. */
  async remove(client: WritingClient, id: number): Promise<void> {
    const text = `WITH gone AS (DELETE FROM market_data.factors WHERE instrument_id = $1)
      DELETE FROM market_data.instruments WHERE id = $1`;
    await client.query({ text, values: [id] });
  }
}

const readOptions = (): { after: string | undefined } => ({ after: currentContext()?.readAfter });
