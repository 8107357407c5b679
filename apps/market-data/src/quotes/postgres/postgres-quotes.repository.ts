import { PostgresPool } from '@mystocks/connection-pool';
import type { QuoteLevel } from '@mystocks/contracts';
import { currentContext } from '@mystocks/telemetry';
import { Injectable } from '@nestjs/common';
import type { Transaction } from '../../transactions/ingest-transactions.js';
import { QuotesRepository, type LatestQuote, type Snapshot } from '../stored/quotes.repository.js';
import {
  holdStatement,
  latestStatement,
  newestDaysStatement,
  snapshotsStatement,
  storeStatement,
} from './quotes-sql.js';
import { contentOf, volumeOf, type HeldQuote, type StoredQuote } from '../stored/settle.js';

type Price = 'last' | 'prev_close' | 'open' | 'high' | 'low' | 'v' | 'amt';
type HeldRow = Record<Price, string | null> & {
  readonly instrument_id: number;
  readonly seq: string;
  readonly t: string;
  readonly bids: QuoteLevel[] | null;
  readonly asks: QuoteLevel[] | null;
  readonly simulated: boolean;
};

interface SnapshotRow extends Snapshot {
  /** One of its newest two days may be made of minute bars. */
  readonly may_be_made: boolean;
}

@Injectable()
export class PostgresQuotesRepository extends QuotesRepository {
  constructor(private readonly pool: PostgresPool) {
    super();
  }

  async latest(ids: readonly number[]): Promise<LatestQuote[]> {
    return (await this.pool.query<LatestQuote>({ ...latestStatement, values: [ids] }, readOptions())).rows;
  }

  async snapshots(ids: readonly number[]): Promise<Snapshot[]> {
    const { rows } = await this.pool.query<SnapshotRow>({ ...snapshotsStatement, values: [ids] }, readOptions());
    const days = await this.#newestDays(rows.flatMap(({ place, may_be_made }) => (may_be_made ? [ids[place]] : [])));
    return rows.map(({ place, quote, t, simulated, bars }) => {
      return { place, quote, t, simulated, bars: days.get(ids[place]) ?? bars };
    });
  }

  // Stored quotes are locked. Two first quotes of one instrument collide in the key of the history, and the later
  // transaction runs again.
  async record<T extends { readonly stored: readonly StoredQuote[] }>(
    { client }: Transaction,
    ids: readonly number[],
    receivedAtMs: number,
    decide: (held: ReadonlyMap<number, HeldQuote>) => T,
  ): Promise<T> {
    const { rows } = await client.query<HeldRow>({ ...holdStatement, values: [ids] });
    const decision = decide(new Map(rows.map((row) => [row.instrument_id, heldOf(row)])));
    if (decision.stored.length > 0) {
      await client.query({ ...storeStatement, values: [...columnsOf(decision.stored), receivedAtMs] });
    }
    return decision;
  }

  async holds({ client }: Transaction, { id }: { readonly id: number }): Promise<boolean> {
    const text = 'SELECT EXISTS (SELECT FROM market_data.quotes_latest WHERE instrument_id = $1) AS any';
    return (await client.query<{ any: boolean }>({ text, values: [id] })).rows[0]?.any === true;
  }

  async #newestDays(ids: readonly (number | undefined)[]): Promise<ReadonlyMap<number | undefined, string[] | null>> {
    if (ids.length === 0) return new Map();
    const statement = { ...newestDaysStatement, values: [ids] };
    const { rows } = await this.pool.query<{ id: number; bars: string[] | null }>(statement, readOptions());
    return new Map(rows.map(({ id, bars }) => [id, bars]));
  }
}

const readOptions = (): { after: string | undefined } => ({ after: currentContext()?.readAfter });

/** A quote has at most 15 significant digits (IsDecimal), so the double is the decimal that came in. */
function heldOf(row: HeldRow): HeldQuote {
  const { seq, t, bids, asks, simulated } = row;
  const number = (name: Price): number | null => (row[name] === null ? null : Number(row[name]));
  const prices = { last: number('last'), prev_close: number('prev_close'), open: number('open'), high: number('high') };
  const rest = { low: number('low'), v: number('v'), amt: number('amt'), bids, asks, simulated };
  return { seq: Number(seq), t, v: volumeOf(rest), content: contentOf({ ...prices, ...rest }) };
}

function columnsOf(stored: readonly StoredQuote[]): unknown[] {
  const column = <T>(read: (one: StoredQuote) => T): (T | null)[] => stored.map((one) => read(one) ?? null);
  const json = (levels: readonly QuoteLevel[] | undefined): string | null =>
    levels === undefined ? null : JSON.stringify(levels);
  return [
    column(({ instrumentId }) => instrumentId),
    column(({ seq }) => seq),
    column(({ t }) => t),
    column(({ quote }) => quote.last),
    column(({ quote }) => quote.prev_close),
    column(({ quote }) => quote.open),
    column(({ quote }) => quote.high),
    column(({ quote }) => quote.low),
    column(({ quote }) => quote.v),
    column(({ quote }) => quote.amt),
    column(({ quote }) => json(quote.bids)),
    column(({ quote }) => json(quote.asks)),
    column(({ quote }) => quote.simulated ?? false),
  ];
}
