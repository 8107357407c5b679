import type { IngestWarning } from '@mystocks/contracts';
import type { ClosedDayFactors } from '../../factors/closed-day-factors.js';
import { cellText } from '../../lines/bar-cells.js';
import { barFields, type BarColumns } from '../../lines/bar-columns.js';
import { BarReader, type BarReaderOptions } from '../read/bar-reader.js';
import type { Unknown } from '../read/bar-symbols.js';
import type { Fields } from '../../lines/csv-records.js';
import { refusals, type Refusal } from '../../lines/refusals.js';
import type { BarHeader } from './bar-header.js';
import { conversionOf } from './layouts.js';
import { LineSample } from '../../lines/line-sample.js';
import { PlainFields } from './plain-fields.js';

/** Where the fields of an NDJSON line stand, and those of a line in our own spelling. */
export const ownColumns = Object.fromEntries(barFields.map((field, index) => [field, index])) as BarColumns;

export type FileHeader = Pick<BarHeader, 'columns' | 'layout' | 'title' | 'adjusted' | 'symbol'>;

/**
 * Reads lines of any source. A line in our own columns is read as it stands, and a second time in plain spelling when that
 * is refused; a line of another source is converted first.
 */
export class LineReader {
  /** Values of stored lines that were rounded. */
  rounded = 0;
  readonly #header: FileHeader;
  readonly #reader: BarReader;
  readonly #plain: PlainFields;
  readonly #adjusted = new LineSample();
  #adjustment: string | undefined;
  readonly #targets: BarColumns;

  constructor(header: FileHeader, options: Omit<BarReaderOptions, 'symbol' | 'inLots'>) {
    this.#header = header;
    this.#targets = header.layout === undefined ? header.columns : ownColumns;
    const timeframe = options.timeframe ?? header.title?.timeframe;
    const inLots = header.layout !== undefined && conversionOf(header.layout) !== undefined;
    this.#reader = new BarReader(this.#targets, { ...options, timeframe, symbol: header.symbol, inLots });
    this.#plain = new PlainFields(header.columns, this.#targets, header.layout);
  }

  /** Instruments that are not listed and that lines without any other error name. */
  get unknown(): ReadonlyMap<string, Unknown> {
    return this.#reader.unknown;
  }

  /** Days, by their key, that have a line whose stamp can only be understood with the whole day. */
  get markedDays(): ReadonlySet<number> {
    return this.#reader.markedDays;
  }

  /** Factors of lines that are refused only because the market was closed on their day. */
  get closedDayFactors(): ClosedDayFactors {
    return this.#reader.closedDayFactors;
  }

  get warnings(): IngestWarning[] {
    return [
      ...warningOf('units', this.#reader.units, 'amount ÷ volume lies far outside low..high: are volumes in lots?'),
      ...warningOf(
        'adjusted',
        this.#adjusted,
        `prices are adjusted (${this.#adjustment ?? ''}); they are stored as raw`,
      ),
    ];
  }

  /** Reads one line; returns the reason for rejecting it, or undefined. */
  read(fields: Fields, line: number): Refusal | undefined {
    const refusal = this.#header.layout === undefined ? this.#readOwn(fields, line) : this.#readForeign(fields, line);
    if (refusal !== undefined) return refusal;
    const adjustment = this.#adjustmentOf(fields);
    if (adjustment === undefined) return undefined;
    this.#adjustment ??= adjustment;
    this.#adjusted.add(line);
    return undefined;
  }

  #readOwn(fields: Fields, line: number): Refusal | undefined {
    const refusal = this.#reader.read(fields, line);
    if (refusal === undefined || refusal === refusals.unknown) return refusal;
    return this.#plain.take(fields) ? this.#readPlain(line) : (this.#plain.refusal ?? refusal);
  }

  #readForeign(fields: Fields, line: number): Refusal | undefined {
    this.#plain.take(fields);
    return this.#readPlain(line);
  }

  #readPlain(line: number): Refusal | undefined {
    const refusal = this.#reader.read(this.#plain, line);
    if (refusal === undefined) this.rounded += this.#plain.rounded;
    return refusal === undefined ? undefined : (this.#plain.refusal ?? refusal);
  }

  /** Returns the text that shows that the prices of the line are adjusted, e.g. `adjustflag 2`. */
  #adjustmentOf({ bytes, starts, ends }: Fields): string | undefined {
    const { title, layout, adjusted: column } = this.#header;
    if (title?.adjusted !== undefined) return title.adjusted;
    const { adjusted } = layout ?? {};
    if (column < 0 || adjusted === undefined) return undefined;
    const text = cellText(bytes, starts[column] as number, ends[column] as number).trim();
    return adjusted.values.includes(text) ? `${adjusted.column} ${text}` : undefined;
  }
}

function warningOf(kind: string, { count, lines }: LineSample, message: string): IngestWarning[] {
  return count === 0 ? [] : [{ kind, count, lines, message }];
}
