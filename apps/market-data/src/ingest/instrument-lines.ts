import {
  exchanges,
  Failure,
  instrumentStatuses,
  type Exchange,
  type IngestRequest,
  type InstrumentStatus,
} from '@mystocks/contracts';
import { exchangeOf, symbolOf } from '../instruments/symbols.js';
import { readDay } from './bar-cells.js';
import { headerNames } from './bar-columns.js';
import { CsvRecords, type Fields } from './csv-records.js';
import type { ListedInstrument } from './instruments-ingest.repository.js';
import { JsonLines } from './json-lines.js';
import { refuseField, refusals, type Refusal } from './refusals.js';

const names = ['code', 'exchange', 'symbol', 'name', 'area', 'industry', 'list_date', 'status'] as const;
type Name = (typeof names)[number];
const TEXT_MAX = 100;
const SYMBOL = /^([0-9]{6})\.(SH|SZ|BJ)$/;

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

/** Reads a block of an instruments list; lists are small, so here a line may be an object. */
export function readInstruments(request: IngestRequest): InstrumentBlock {
  return request.format === 'csv' ? readCsv(request) : readJson(request);
}

function readCsv(request: IngestRequest): InstrumentBlock {
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
    lines.push(readLine(records.line, values, broken));
  }
  const known = new Set<string>(names);
  return { lines, ignored: header.filter((name) => !known.has(name)).map((name) => name.slice(0, 60)) };
}

function readJson(request: IngestRequest): InstrumentBlock {
  const columnOf = (name: string): number => (names as readonly string[]).indexOf(name);
  const json = new JsonLines(request.body, request.first_line, {
    count: names.length,
    columnOf,
    isNumeric: () => false,
  });
  const lines: InstrumentLine[] = [];
  while (json.next()) lines.push(readLine(json.line, valuesOf(json, columnOf), json.refusal));
  return { lines, ignored: [] };
}

type Values = Readonly<Record<Name, string>>;

function valuesOf({ bytes, starts, ends }: Fields, columnOf: (name: Name) => number): Values {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (column: number): string =>
    column < 0 ? '' : buffer.toString('utf8', starts[column], ends[column]).trim();
  return Object.fromEntries(names.map((name) => [name, text(columnOf(name))])) as Values;
}

const isPlain = (text: string): boolean => text.length <= TEXT_MAX && !/[\u0000-\u001f\u007f]/.test(text);

function readLine(line: number, values: Values, broken: Refusal | undefined): InstrumentLine {
  const given = `${values.symbol}${values.code} ${values.exchange}`.trim();
  const id = given.replaceAll(/[\u0000-\u001f\u007f]/g, ' ').slice(0, 120);
  if (broken !== undefined) return { line, id, refusal: broken };
  const named = readSymbol(values);
  if ('message' in named) return { line, id, refusal: named };
  const refusal = wrongValue(values);
  if (refusal !== undefined) return { line, id, refusal };
  const { name, area, industry, list_date, status } = values;
  const instrument = {
    ...named,
    name,
    area: area || null,
    industry: industry || null,
    list_date: list_date || null,
    status: status === '' ? null : (status as InstrumentStatus),
  };
  return { line, id: named.symbol, instrument };
}

function readSymbol({
  symbol,
  code,
  exchange,
}: Values): Pick<ListedInstrument, 'symbol' | 'code' | 'exchange' | 'kind'> | Refusal {
  const place = symbol === '' ? (exchange as Exchange) : exchangeOf(symbol);
  if (place === undefined || (symbol !== '' && !SYMBOL.test(symbol))) return refusals.symbol;
  if (!exchanges.includes(place)) return refusals.exchange;
  const found = symbolOf(symbol === '' ? code : symbol.slice(0, 6), place);
  return found === undefined ? refusals.code : { ...found, code: found.symbol.slice(0, 6), exchange: place };
}

function wrongValue(values: Values): Refusal | undefined {
  const { name, list_date, status } = values;
  if (name === '') return refuseField('name', 'is empty');
  const odd = (['name', 'area', 'industry'] as const).find((field) => !isPlain(values[field]));
  if (odd !== undefined)
    return refuseField(odd, `must be text of at most ${TEXT_MAX} characters without control characters`);
  const day = Buffer.from(list_date);
  if (list_date !== '' && readDay(day, 0, day.length) < 0)
    return refuseField('list_date', 'must be a real day, YYYY-MM-DD');
  const known = status === '' || (instrumentStatuses as readonly string[]).includes(status);
  return known ? undefined : refuseField('status', `must be one of ${instrumentStatuses.join(', ')}`);
}
