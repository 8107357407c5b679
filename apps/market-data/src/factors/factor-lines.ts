import { addDays, chinaDay } from '@mystocks/calendar';
import { exchanges, Failure, problems, type Exchange, type IngestRequest } from '@mystocks/contracts';
import { readDay, readDecimal } from '../lines/bar-cells.js';
import { headerNames } from '../lines/bar-columns.js';
import { CsvRecords, type Fields } from '../lines/csv-records.js';
import { JsonLines } from '../lines/json-lines.js';
import { numberRules } from '../numbers/number-rules.js';
import { plainDecimal } from '../numbers/plain-decimal.js';
import { refuseField, refusals, type Refusal } from '../lines/refusals.js';
import type { Instrument } from '../instruments/instruments.repository.js';
import { symbolOf } from '../instruments/symbols.js';

const names = ['code', 'exchange', 'symbol', 'ex_date', 'factor'] as const;
type Name = (typeof names)[number];
type Values = Readonly<Record<Name, string>>;

/** An ex-date is announced some weeks before; one that is farther away is a typing error. */
const AHEAD_DAYS = 366;

export interface GivenFactor {
  readonly id: number;
  readonly symbol: string;
  readonly day: string;
  /** A plain decimal. */
  readonly factor: string;
}

interface FactorLine {
  readonly line: number;
  /** Symbol and ex-date. */
  readonly id: string;
  readonly given?: GivenFactor;
  readonly refusal?: Refusal;
}

export interface FactorBlock {
  readonly lines: FactorLine[];
  readonly ignored: string[];
  /** Factors of which only noise beyond their scale was rounded away. */
  readonly rounded: number;
}

/** Finds an instrument by any spelling of its symbol; fails for one that names two. */
type Find = (alias: string) => Promise<Instrument | undefined>;

/** Reads a block of factors by ex-date against the instruments there are. */
export async function readFactors(request: IngestRequest, find: Find, nowMs: number): Promise<FactorBlock> {
  const { lines, ignored } = request.format === 'csv' ? csvLines(request) : jsonLines(request);
  const lookup = lookupOf(find);
  const lastDay = addDays(chinaDay(nowMs), AHEAD_DAYS);
  let rounded = 0;
  const read: FactorLine[] = [];
  for (const { line, values, broken } of lines) {
    const id = `${values.symbol}${values.code} ${values.exchange} ${values.ex_date}`.replaceAll(
      /[\u0000-\u001f\u007f ]+/g,
      ' ',
    );
    const instrument = broken ?? (await lookup(values));
    const factor = 'status' in instrument && 'message' in instrument ? instrument : readFactor(values, lastDay);
    if ('message' in factor) {
      read.push({ line, id: id.trim().slice(0, 120), refusal: factor });
      continue;
    }
    if (factor.rounded) rounded += 1;
    const { id: instrumentId, symbol } = instrument as Instrument;
    const given = { id: instrumentId, symbol, day: values.ex_date, factor: factor.text };
    read.push({ line, id: factorId(given), given });
  }
  return { lines: read, ignored, rounded };
}

/** What a report calls a factor. */
export const factorId = ({ symbol, day }: Pick<GivenFactor, 'symbol' | 'day'>): string => `${symbol} ${day}`;

interface TextLine {
  readonly line: number;
  readonly values: Values;
  readonly broken: Refusal | undefined;
}

interface TextLines {
  readonly lines: TextLine[];
  readonly ignored: string[];
}

/** The columns of a file; a Failure names what is missing. */
export function factorHeader(header: string | undefined): readonly string[] {
  if (header === undefined) throw new Failure('invalid', 'A CSV block needs the header of its file');
  const columns = headerNames(header).map((name) => name.toLowerCase());
  const place = (name: Name): number => columns.indexOf(name);
  const missing = (['ex_date', 'factor'] as const).filter((name) => place(name) < 0);
  const hasSymbol = place('symbol') >= 0 || (place('code') >= 0 && place('exchange') >= 0);
  const lacking = [...(hasSymbol ? [] : ['code and exchange (or symbol)']), ...missing];
  if (lacking.length > 0) throw new Failure('unprocessable', `The header lacks ${lacking.join(', ')}`);
  return columns;
}

function csvLines({ header, body, first_line }: IngestRequest): TextLines {
  const columns = factorHeader(header);
  const place = (name: Name): number => columns.indexOf(name);
  const records = new CsvRecords(body, first_line);
  const lines: TextLine[] = [];
  while (records.next()) {
    const values = valuesOf(records, (name) => (place(name) < records.count ? place(name) : -1));
    const isWhole = records.count === columns.length;
    const broken = records.closed ? (isWhole ? undefined : refusals.columns) : refusals.quote;
    lines.push({ line: records.line, values, broken });
  }
  const read = new Set<string>(names);
  return { lines, ignored: columns.filter((name) => !read.has(name)).map((name) => name.slice(0, 60)) };
}

function jsonLines({ body, first_line }: IngestRequest): TextLines {
  const columnOf = (name: string): number => (names as readonly string[]).indexOf(name);
  const isNumeric = (column: number): boolean => names[column] === 'factor';
  const json = new JsonLines(body, first_line, { count: names.length, columnOf, isNumeric });
  const lines: TextLine[] = [];
  while (json.next()) lines.push({ line: json.line, values: valuesOf(json, columnOf), broken: json.refusal });
  return { lines, ignored: [] };
}

function valuesOf({ bytes, starts, ends }: Fields, columnOf: (name: Name) => number): Values {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (column: number): string =>
    column < 0 ? '' : buffer.toString('utf8', starts[column], ends[column]).trim();
  return Object.fromEntries(names.map((name) => [name, text(columnOf(name))])) as Values;
}

/** Looks each symbol of a block up once. */
function lookupOf(find: Find): (values: Values) => Promise<Instrument | Refusal> {
  const known = new Map<string, Promise<Instrument | Refusal>>();
  return (values) => {
    const named = aliasOf(values);
    if (typeof named !== 'string') return Promise.resolve(named);
    const found = known.get(named) ?? find(named).then(adjustable, refusalOf);
    known.set(named, found);
    return found;
  };
}

/** The spelling that names the instrument of a line. An index spelled `IDX…` has no factor. */
function aliasOf({ symbol, code, exchange }: Values): string | Refusal {
  if (symbol !== '') return symbol;
  if (!exchanges.includes(exchange as Exchange)) return refusals.exchange;
  const named = symbolOf(code, exchange as Exchange);
  if (named === undefined) return refusals.code;
  return named.saysIndex ? noFactor : named.symbol;
}

const noFactor = refuseField('factor', 'is not for indexes: their prices are never adjusted');
const adjustable = (found: Instrument | undefined): Instrument | Refusal => {
  if (found === undefined) return refusals.unknown;
  return found.kind === 'index' ? noFactor : found;
};

function refusalOf(error: unknown): Refusal {
  if (error instanceof Failure && error.problem === 'SYMBOL_AMBIGUOUS') return refusals.ambiguous;
  if (error instanceof Failure && error.problem === 'SYMBOL_INVALID_FORMAT') return refusals.symbol;
  throw error;
}

function readFactor(
  { ex_date, factor }: Values,
  lastDay: string,
): { readonly text: string; readonly rounded: boolean } | Refusal {
  const day = Buffer.from(ex_date);
  if (readDay(day, 0, day.length) < 0) return refuseDay('must be a real day, YYYY-MM-DD');
  if (ex_date > lastDay) return refuseDay('is more than a year ahead');
  const rule = numberRules.adj_factor;
  const plain = plainDecimal(factor, { scale: rule.scale, shift: 0 });
  const bytes = Buffer.from(plain?.text ?? '');
  return plain !== undefined && readDecimal(bytes, 0, bytes.length, rule) > 0
    ? plain
    : refuseField('factor', `must be a decimal of at most 15 digits, ${rule.scale} of them decimals, above 0`);
}

const refuseDay = (what: string): Refusal => ({ ...refuseField('ex_date', what), code: problems.DATE_RANGE_INVALID });
