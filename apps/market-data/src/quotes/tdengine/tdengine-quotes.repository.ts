import { insertStatements, fixedNames, joinSql, literal, sql, type WritingClient } from '@mystocks/connection-pool';
import { Injectable } from '@nestjs/common';
import { chunked } from '@mystocks/kernel';
import { TdengineBarsReader } from '../../bars/tdengine/tdengine-bars.reader.js';
import { TdengineDaysReader } from '../../bars/tdengine/tdengine-days.reader.js';
import type { Transaction } from '../../transactions/ingest-transactions.js';
import { InstrumentDirectory } from '../../instruments/instrument-directory.js';
import { removedMeanwhile } from '../../instruments/removed-meanwhile.js';
import { barJson } from '../../bars/tdengine/bar-json.js';
import { quotesSeries, rowsOfSeries } from '../../tdengine/series-names.js';
import { abortedWriters, lockSeries, markWriting } from '../../tdengine/series-transaction.js';
import { columnList } from '../../tdengine/tdengine-schema.js';
import { TdengineStore } from '../../tdengine/tdengine.store.js';
import { QuotesRepository, type LatestQuote, type Snapshot } from '../stored/quotes.repository.js';
import type { HeldQuote, StoredQuote } from '../stored/settle.js';
import {
  heldQuoteOf,
  keysOf,
  latestQuoteOf,
  quoteLiterals,
  quoteRowColumns,
  quoteRowOf,
  type QuoteRow,
} from './tdengine-quote-row.js';

const SYMBOLS_MAX = 1_000;
/** Rows read at a time on the way back to one that was committed. */
const BACK_ROWS = 100;
const END_MS = Date.parse('2200-01-01T00:00:00Z');

const columns = columnList(quoteRowColumns);
const newestColumns = joinSql(
  quoteRowColumns.map(fixedNames(...quoteRowColumns)).map((column) => sql`last_row(${column})`),
  ',',
);
const target = { stable: sql`ticks`, columns };

/** Quotes in TDengine, one row each; the newest row of a series is the latest quote. */
@Injectable()
export class TdengineQuotesRepository extends QuotesRepository {
  constructor(
    private readonly directory: InstrumentDirectory,
    private readonly store: TdengineStore,
    private readonly bars: TdengineBarsReader,
  ) {
    super();
  }

  async latest(ids: readonly number[]): Promise<LatestQuote[]> {
    const symbols = await this.#symbolsOf(ids);
    const rows = await this.#newest(symbols);
    return symbols.flatMap((symbol, place) => {
      const row = rows.get(symbol);
      return row === undefined ? [] : [{ place, ...latestQuoteOf(row) }];
    });
  }

  async snapshots(ids: readonly number[]): Promise<Snapshot[]> {
    const symbols = await this.#symbolsOf(ids);
    const [rows, days] = await Promise.all([
      this.#newest(symbols),
      new TdengineDaysReader(this.bars).newestTwo(symbols),
    ]);
    return symbols.map((symbol, place) => {
      const row = rows.get(symbol);
      const bars = (days[place] ?? []).map(barJson);
      const quote = row === undefined ? { quote: null, t: null, simulated: null } : latestQuoteOf(row);
      return { place, ...quote, bars: bars.length === 0 ? null : bars };
    });
  }

  async record<T extends { readonly stored: readonly StoredQuote[] }>(
    { client }: Transaction,
    ids: readonly number[],
    receivedAtMs: number,
    decide: (held: ReadonlyMap<number, HeldQuote>) => T,
  ): Promise<T> {
    await lockSeries(client, 'quotes', ids);
    const held = await this.#held(client, ids);
    const decision = decide(new Map([...held].map(([id, row]) => [id, heldQuoteOf(row)])));
    if (decision.stored.length > 0) {
      await this.#insert(decision.stored, held, { receivedAtMs, writer: await markWriting(client) });
    }
    return decision;
  }

  async holds(_transaction: Transaction, { symbol }: { readonly symbol: string }): Promise<boolean> {
    return (await this.#newest([symbol])).size > 0;
  }

  async #insert(
    stored: readonly StoredQuote[],
    held: ReadonlyMap<number, QuoteRow>,
    about: { readonly receivedAtMs: number; readonly writer: number },
  ): Promise<void> {
    const byInstrument = Map.groupBy(stored, ({ instrumentId }) => instrumentId);
    const given = [...byInstrument].flatMap(([id, quotes]) => {
      const keys = keysOf(quotes, held.get(id)?.ts ?? Number.NEGATIVE_INFINITY);
      const rows = quotes.map((quote, place) => quoteLiterals(quote, { ts: keys[place] ?? 0, ...about }));
      return quotes[0] === undefined ? [] : [rowsOfSeries(target, quotesSeries(quotes[0].quote.symbol), rows)];
    });
    for (const statement of insertStatements(given)) await this.store.query(statement);
  }

  /** The newest quotes whose writers committed. What a failed one left behind is overwritten when it comes again. */
  async #held(client: WritingClient, ids: readonly number[]): Promise<Map<number, QuoteRow>> {
    const symbols = await this.#symbolsOf(ids);
    const rows = await this.#newest(symbols);
    const aborted = await abortedWriters(
      client,
      [...rows.values()].map(({ writer }) => writer),
    );
    const held = new Map<number, QuoteRow>();
    for (const [place, symbol] of symbols.entries()) {
      const newest = rows.get(symbol);
      const row = newest !== undefined && aborted.has(newest.writer) ? await this.#committed(client, symbol) : newest;
      const id = ids[place];
      if (row !== undefined && id !== undefined) held.set(id, row);
    }
    return held;
  }

  async #committed(client: WritingClient, symbol: string): Promise<QuoteRow | undefined> {
    for (let before = literal.timestamp(END_MS); ;) {
      const rows = await this.store.query(
        sql`SELECT ${columns} FROM ticks WHERE symbol = ${literal.text(symbol)} AND ts < ${before}
          ORDER BY ts DESC LIMIT ${literal.integer(BACK_ROWS)}`,
      );
      const read = rows.map(quoteRowOf);
      const aborted = await abortedWriters(
        client,
        read.map(({ writer }) => writer),
      );
      const found = read.find(({ writer }) => !aborted.has(writer));
      if (found !== undefined || read.length < BACK_ROWS) return found;
      before = literal.timestamp(read.at(-1)?.ts ?? 0);
    }
  }

  async #newest(symbols: readonly string[]): Promise<Map<string, QuoteRow>> {
    const newest = new Map<string, QuoteRow>();
    for (const some of chunked(symbols, SYMBOLS_MAX)) {
      const names = joinSql(some.map(literal.text), ',');
      const statement = sql`SELECT symbol, ${newestColumns} FROM ticks WHERE symbol IN (${names}) PARTITION BY symbol`;
      for (const [symbol, ...row] of await this.store.query(statement)) newest.set(String(symbol), quoteRowOf(row));
    }
    return newest;
  }

  async #symbolsOf(ids: readonly number[]): Promise<string[]> {
    const symbols = await this.directory.symbols();
    return ids.map((id) => {
      const symbol = symbols.get(id);
      if (symbol === undefined) throw removedMeanwhile();
      return symbol;
    });
  }
}
