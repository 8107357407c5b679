import { Failure } from '@mystocks/contracts';

/** What a bars file can say, under the names of SURFACE.md §4. */
export const barFields = [
  'code',
  'exchange',
  'symbol',
  'date',
  'time',
  't',
  'timeframe',
  'open',
  'high',
  'low',
  'close',
  'volume',
  'amount',
  'pre_close',
  'adj_factor',
  'trade_status',
] as const;
export type BarField = (typeof barFields)[number];

/** Where each field stands; -1 when the file does not have it. */
export type BarColumns = Readonly<Record<BarField, number>>;

const wireNames: Readonly<Record<string, BarField>> = {
  o: 'open',
  h: 'high',
  l: 'low',
  c: 'close',
  v: 'volume',
  amt: 'amount',
};
const fields: ReadonlySet<string> = new Set(barFields);

/** The field a column or key is read as, wire names included. */
export function barFieldOf(name: string): BarField | undefined {
  if (fields.has(name)) return name as BarField;
  return Object.hasOwn(wireNames, name) ? wireNames[name] : undefined;
}

/** The names of a CSV header line. */
export function headerNames(header: string): string[] {
  const line = header.replace(/^\uFEFF/, '').replace(/\r?\n?$/, '');
  return line.split(',').map((name) => name.trim().replace(/^"(.*)"$/, '$1'));
}

export interface BarHeader {
  readonly columns: BarColumns;
  readonly count: number;
  readonly ignored: string[];
}

/** Reads a header; a Failure names what is missing or there twice. */
export function readBarHeader(header: string): BarHeader {
  const names = headerNames(header);
  const columns = Object.fromEntries(barFields.map((field) => [field, -1])) as Record<BarField, number>;
  const ignored: string[] = [];
  names.forEach((name, index) => {
    const field = barFieldOf(name.toLowerCase());
    if (field === undefined) ignored.push(name.slice(0, 60));
    else if (columns[field] >= 0) throw new Failure('unprocessable', `The header names ${field} twice`);
    else columns[field] = index;
  });
  const missing = missingFields(columns);
  if (missing.length > 0) throw new Failure('unprocessable', `The header lacks ${missing.join(', ')}`);
  return { columns, count: names.length, ignored };
}

function missingFields(columns: BarColumns): string[] {
  const missing: string[] = (['open', 'high', 'low', 'close', 'volume'] as const).filter((field) => columns[field] < 0);
  if (columns.symbol < 0 && (columns.code < 0 || columns.exchange < 0))
    missing.unshift('code and exchange (or symbol)');
  if (columns.date < 0 && columns.t < 0) missing.push('date');
  return missing;
}
