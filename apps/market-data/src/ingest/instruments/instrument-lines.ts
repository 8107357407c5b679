import {
  exchanges,
  Failure,
  instrumentKinds,
  instrumentStatuses,
  type Exchange,
  type IngestRequest,
  type InstrumentKind,
  type InstrumentStatus,
} from '@mystocks/contracts';
import { SYMBOL } from '@mystocks/validation';
import { plannedKind } from '../../instruments/numbers/number-plan.js';
import { exchangeOf, symbolOf } from '../../instruments/symbols.js';
import { readDay } from '../../lines/bar-cells.js';
import { headerNames } from '../../lines/bar-columns.js';
import type { SymbolIds } from '../read/bar-symbols.js';
import { CsvRecords, type Fields } from '../../lines/csv-records.js';
import type { ListedInstrument } from './instruments-ingest.repository.js';
import { JsonLines } from '../../lines/json-lines.js';
import { isReadable, printable } from '../../lines/plain-text.js';
import { indexMissed, refuseField, refusals, type Refusal } from '../../lines/refusals.js';

const names = ['code', 'exchange', 'symbol', 'name', 'area', 'industry', 'list_date', 'status', 'kind'] as const;
type Name = (typeof names)[number];
const TEXT_MAX = 100;

export interface InstrumentLine {
  readonly line: number;
  readonly id: string;
  readonly instrument?: ListedInstrument;
  readonly refusal?: Refusal;
}

export interface InstrumentBlock {
  readonly lines: InstrumentLine[];
  readonly ignored: string[];
}

/** Reads a block of an instruments list against the stored ones; lists are small, so here a line may be an object. */
export function readInstruments(request: IngestRequest, known: SymbolIds): InstrumentBlock {
  return request.format === 'csv' ? readCsv(request, known) : readJson(request, known);
}

function readCsv(request: IngestRequest, known: SymbolIds): InstrumentBlock {
  if (request.header === undefined) throw new Failure('invalid', 'A CSV block needs the header of its file');
  const header = headerNames(request.header).map((name) => name.toLowerCase());
  const place = (name: Name): number => header.indexOf(name);
  if (place('symbol') < 0 && (place('code') < 0 || place('exchange') < 0)) {
    throw new Failure('unprocessable', 'The header lacks code and exchange (or symbol)');
  }
  if (place('name') < 0) throw new Failure('unprocessable', 'The header lacks name');
  const records = new CsvRecords(request.body, request.first_line);
  const lines: InstrumentLine[] = [];
  while (records.next()) {
    const values = valuesOf(records, (name) => (place(name) < records.count ? place(name) : -1));
    const broken = records.closed ? (records.count === header.length ? undefined : refusals.columns) : refusals.quote;
    lines.push(broken === undefined ? readLine(records.line, values, known) : refuse(records.line, values, broken));
  }
  const read = new Set<string>(names);
  return { lines, ignored: header.filter((name) => !read.has(name)).map((name) => printable(name, 60)) };
}

function readJson(request: IngestRequest, known: SymbolIds): InstrumentBlock {
  const columnOf = (name: string): number => (names as readonly string[]).indexOf(name);
  const json = new JsonLines(request.body, request.first_line, {
    count: names.length,
    columnOf,
    isNumeric: () => false,
  });
  const lines: InstrumentLine[] = [];
  while (json.next()) {
    const values = valuesOf(json, columnOf);
    lines.push(
      json.refusal === undefined ? readLine(json.line, values, known) : refuse(json.line, values, json.refusal),
    );
  }
  return { lines, ignored: [] };
}

type Values = Readonly<Record<Name, string>>;

function valuesOf({ bytes, starts, ends }: Fields, columnOf: (name: Name) => number): Values {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (column: number): string =>
    column < 0 ? '' : buffer.toString('utf8', starts[column], ends[column]).trim();
  return Object.fromEntries(names.map((name) => [name, text(columnOf(name))])) as Values;
}

const texts = ['name', 'area', 'industry'] as const;
const NOT_TEXT =
  'is damaged, or in another encoding than the file; save the file in UTF-8, or name its encoding with charset=';

const isPlain = (text: string): boolean => text.length <= TEXT_MAX && !/[\u0000-\u001f\u007f]/.test(text);

function refuse(line: number, { symbol, code, exchange }: Values, refusal: Refusal): InstrumentLine {
  const given = `${symbol}${code} ${exchange}`.trim();
  return { line, id: printable(given, 120), refusal };
}

function readLine(line: number, values: Values, known: SymbolIds): InstrumentLine {
  const named = readSymbol(values);
  if ('message' in named) return refuse(line, values, named);
  const refusal = wrongValue(values);
  if (refusal !== undefined) return refuse(line, values, refusal);
  const kinds = readKinds(values, named, known);
  if ('message' in kinds) return refuse(line, values, kinds);
  const { symbol, code, exchange } = named;
  const { name, area, industry, list_date, status } = values;
  const instrument = {
    ...{ symbol, code, exchange, name },
    ...kinds,
    area: area || null,
    industry: industry || null,
    list_date: list_date || null,
    status: status === '' ? null : (status as InstrumentStatus),
  };
  return { line, id: named.symbol, instrument };
}

interface NamedInstrument extends Pick<ListedInstrument, 'symbol' | 'code' | 'exchange'> {
  readonly saysIndex: boolean;
}

function readSymbol({ symbol, code, exchange }: Values): NamedInstrument | Refusal {
  const place = symbol === '' ? (exchange as Exchange) : exchangeOf(symbol);
  if (place === undefined || (symbol !== '' && !SYMBOL.test(symbol))) return refusals.symbol;
  if (!exchanges.includes(place)) return refusals.exchange;
  const found = symbolOf(symbol === '' ? code : symbol.slice(0, 6), place);
  return found === undefined ? refusals.code : { ...found, code: found.symbol.slice(0, 6), exchange: place };
}

/**
 * A list may create whatever is well-formed. `IDX` is refused where the stored instrument, or else its number, says that
 * it is no index: only a kind column changes a kind.
 */
function readKinds(
  { kind }: Values,
  { symbol, code, exchange, saysIndex }: NamedInstrument,
  known: SymbolIds,
): Pick<ListedInstrument, 'kind' | 'new_kind'> | Refusal {
  const planned = plannedKind(exchange, code);
  const given = kind === '' ? (known.get(symbol)?.kind ?? planned) : (kind as InstrumentKind);
  if (saysIndex && given !== undefined && given !== 'index') return indexMissed(symbol, given);
  const new_kind = saysIndex ? 'index' : (planned ?? 'stock');
  return { kind: kind === '' ? null : (kind as InstrumentKind), new_kind };
}

function wrongValue(values: Values): Refusal | undefined {
  const { name, list_date, status } = values;
  if (name === '') return refuseField('name', 'is empty');
  const unreadable = texts.find((field) => !isReadable(values[field]));
  if (unreadable !== undefined) return refuseField(unreadable, NOT_TEXT);
  const odd = texts.find((field) => !isPlain(values[field]));
  if (odd !== undefined)
    return refuseField(odd, `must be text of at most ${TEXT_MAX} characters without control characters`);
  const day = Buffer.from(list_date);
  if (list_date !== '' && readDay(day, 0, day.length) < 0)
    return refuseField('list_date', 'must be a real day, YYYY-MM-DD');
  return notOneOf('status', status, instrumentStatuses) ?? notOneOf('kind', values.kind, instrumentKinds);
}

function notOneOf(field: Name, value: string, allowed: readonly string[]): Refusal | undefined {
  if (value === '' || allowed.includes(value)) return undefined;
  return refuseField(field, `must be one of ${allowed.join(', ')}`);
}
