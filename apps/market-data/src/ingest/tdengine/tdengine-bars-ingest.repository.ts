import { instantOf } from '@mystocks/calendar';
import { insertStatements, literal, sql, type Sql, type WritingClient } from '@mystocks/connection-pool';
import { Failure, type StoredTimeframe } from '@mystocks/contracts';
import { Injectable } from '@nestjs/common';
import { InstrumentDirectory } from '../../instruments/instrument-directory.js';
import { removedMeanwhile } from '../../instruments/removed-meanwhile.js';
import { fitsDouble } from '../../numbers/exact-decimal.js';
import { filledBar, mergedBar, type BarValues, type MergedBar } from './merged-bar.js';
import { barsSeries, rowsOfSeries } from '../../tdengine/series-names.js';
import { lockSeries, markWriting } from '../../tdengine/series-transaction.js';
import { barColumns, columnList } from '../../tdengine/tdengine-schema.js';
import { TdengineStore } from '../../tdengine/tdengine.store.js';
import { barPlace, BarRows, instrumentOf, NO_VALUE } from '../rows/bar-rows.js';
import {
  BarsIngestRepository,
  type BlockRows,
  type ChangedRows,
  type ChangingRows,
  type FilledBars,
  type FillingRows,
  type StoredRows,
} from '../rows/bars-ingest.repository.js';
import type { Transaction } from '../../transactions/ingest-transactions.js';
import { StandingBars } from './standing-bars.js';

/** A row of a block on its way. */
interface GivenBar {
  readonly table: 'daily' | 'minute';
  readonly row: number;
  readonly symbol: string;
  readonly timeframe: StoredTimeframe;
  /** Epoch ms. */
  readonly ts: number;
  readonly values: BarValues;
}

interface ChangedBar extends GivenBar {
  readonly merged: MergedBar;
}

const target = { stable: sql`bars`, columns: columnList(['ts', ...barColumns, 'writer', 'fresh']) };

/**
 * Reads what stands, writes the difference. Rows lie in TDengine before the transaction around them is committed: who
 * has seen its log position sees them. If the transaction fails after that, they stand under a writer that never
 * committed, and the next block with them counts and publishes them as new.
 */
@Injectable()
export class TdengineBarsIngestRepository extends BarsIngestRepository {
  constructor(
    private readonly directory: InstrumentDirectory,
    private readonly tdengine: TdengineStore,
  ) {
    super();
  }

  async store(transaction: Transaction, daily: BarRows, minute: BarRows): Promise<StoredRows> {
    const changed = await this.#merge(transaction, { daily, minute }, mergedBar);
    return { daily: changesOf(changed, 'daily'), minute: changesOf(changed, 'minute') };
  }

  async fill(transaction: Transaction, filling: FillingRows): Promise<{ daily: FilledBars; minute: FilledBars }> {
    const changed = await this.#merge(transaction, filling, filledBar);
    return {
      daily: filledBars(changed, 'daily', filling.daily),
      minute: filledBars(changed, 'minute', filling.minute),
    };
  }

  async changing({ client }: Transaction, rows: BlockRows): Promise<ChangingRows> {
    const changed = await this.#changed(client, rows, mergedBar);
    const rowsOf = (table: GivenBar['table']): number[] =>
      changed.filter((bar) => bar.table === table).map(({ row }) => row);
    return { daily: rowsOf('daily'), minute: rowsOf('minute') };
  }

  async holds(_transaction: Transaction, { symbol }: { readonly symbol: string }): Promise<boolean> {
    const rows = await this.tdengine.query(sql`SELECT ts FROM bars WHERE symbol = ${literal.text(symbol)} LIMIT 1`);
    return rows.length > 0;
  }

  async #merge({ client }: Transaction, { daily, minute }: BlockRows, merged: typeof mergedBar): Promise<ChangedBar[]> {
    const instruments = [...daily.keys, ...minute.keys].map(instrumentOf);
    await lockSeries(client, 'bars', instruments);
    const changed = await this.#changed(client, { daily, minute }, merged);
    if (changed.length > 0) await this.#insert(changed, await markWriting(client));
    return changed;
  }

  async #changed(client: WritingClient, { daily, minute }: BlockRows, merged: typeof mergedBar): Promise<ChangedBar[]> {
    const symbols = await this.directory.symbols();
    const given = [...givenBars('daily', daily, symbols), ...givenBars('minute', minute, symbols)];
    const standing = await new StandingBars(this.tdengine).read(client, given);
    return given
      .map((bar) => ({ ...bar, merged: merged(bar.values, standing.get(bar)) }))
      .filter(({ merged: { outcome } }) => outcome !== 'unchanged');
  }

  async #insert(changed: readonly ChangedBar[], writer: number): Promise<void> {
    const bySeries = Map.groupBy(changed, ({ symbol, timeframe }) => `${symbol} ${timeframe}`);
    const given = [...bySeries.values()].map((bars) => {
      const [{ symbol, timeframe }] = bars as [ChangedBar];
      const rows = bars.map((bar) => literalsOf(bar, writer));
      return rowsOfSeries(target, barsSeries(symbol, timeframe), rows);
    });
    for (const statement of insertStatements(given)) await this.tdengine.query(statement);
  }
}

const literalsOf = ({ ts, merged }: ChangedBar, writer: number): Sql[] => [
  literal.timestamp(ts),
  ...merged.values.map((value) => (value === null ? literal.null : literal.double(value))),
  literal.integer(writer),
  literal.boolean(merged.fresh),
];

const changesOf = (changed: readonly ChangedBar[], table: GivenBar['table']): ChangedRows => {
  const rowsOf = (outcome: MergedBar['outcome']): number[] =>
    changed.filter((bar) => bar.table === table && bar.merged.outcome === outcome).map(({ row }) => row);
  return { inserted: rowsOf('inserted'), updated: rowsOf('updated') };
};

/** The bars as they stand now. */
function filledBars(changed: readonly ChangedBar[], table: GivenBar['table'], given: BarRows): FilledBars {
  const rows = new BarRows(0);
  const [inserted, updated]: [number[], number[]] = [[], []];
  for (const { row, timeframe, merged } of changed.filter((bar) => bar.table === table)) {
    (merged.outcome === 'inserted' ? inserted : updated).push(rows.size);
    const place = given.cells(row).slice(0, timeframe === '1Day' ? 2 : 3);
    const values = merged.values.map((value) => (value === null ? NO_VALUE : String(value)));
    rows.addCells(given.keyOf(row), given.lineOf(row), [...place, ...values]);
  }
  return { inserted, updated, rows };
}

function givenBars(table: GivenBar['table'], rows: BarRows, symbols: ReadonlyMap<number, string>): GivenBar[] {
  return rows.stored().map((row) => {
    const { instrument, timeframe, day, time } = barPlace(rows.keyOf(row));
    const symbol = symbols.get(instrument);
    if (symbol === undefined) throw removedMeanwhile();
    const ts = instantOf(`${day}T${time}:00`);
    return { table, row, symbol, timeframe, ts, values: valuesOf(rows.cells(row), timeframe) };
  });
}

function valuesOf(cells: readonly string[], timeframe: StoredTimeframe): BarValues {
  const values = cells.slice(timeframe === '1Day' ? 2 : 3);
  return barColumns.map((_, column) => numberOf(values[column] ?? NO_VALUE));
}

function numberOf(cell: string): number | null {
  if (cell === NO_VALUE) return null;
  // Lines with such numbers are refused before they get here; rounding in silence would be worse than failing.
  if (!fitsDouble(cell)) throw new Failure('unprocessable', `${cell} has more than 15 significant digits`);
  return Number(cell);
}
