/** What a bars file can say, under the names of our own CSV columns. */
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

const NAME = /[ \t]*(?:"((?:[^"]|"")*)"[ \t]*|([^,]*))(,|$)/y;

/** The names of a CSV header line (RFC 4180), without blanks around them. */
export function headerNames(header: string): string[] {
  const line = header.replace(/^\uFEFF/, '').replace(/\r?\n?$/, '');
  const names: string[] = [];
  let more = true;
  for (NAME.lastIndex = 0; more;) {
    const [, quoted, plain = '', end] = NAME.exec(line) ?? [];
    names.push((quoted?.replaceAll('""', '"') ?? plain).trim());
    more = end === ',';
  }
  return names;
}
