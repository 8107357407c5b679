import { Failure, type BarDialect } from '@mystocks/contracts';
import { barFieldOf, barFields, headerNames, type BarColumns, type BarField } from '../../lines/bar-columns.js';
import { printable } from '../../lines/plain-text.js';
import { layouts, missingNames, type Layout } from './layouts.js';
import { readTitle, type TitleLine } from './title-line.js';

/** Options of the request that describe the file. */
export interface HeaderOptions {
  readonly dialect?: BarDialect | undefined;
  /** The instrument of a file without a column that names it. */
  readonly symbol?: string | undefined;
}

/** Describes how the lines of a file of bars are read. */
export interface BarHeader {
  readonly dialect: BarDialect;
  /** Of a file that is not in our own columns. */
  readonly layout: Layout | undefined;
  readonly title: TitleLine | undefined;
  /** Where the fields stand in the file. */
  readonly columns: BarColumns;
  /** Index of the column that says whether prices are adjusted; -1 without such a column. */
  readonly adjusted: number;
  readonly count: number;
  /** Names of the columns that are ignored. */
  readonly ignored: string[];
  /** Names the instrument of a file without a column that does. */
  readonly symbol: string | undefined;
}

type Readable = Pick<BarHeader, 'columns' | 'symbol' | 'layout'>;

const NAME_MAX = 60;
const EXAMPLE = 'symbol=600519.SH';

/**
 * Recognises the source of a file by its header: the line with the names, and above it the title of an export of TDX.
 * @throws {Failure} `unprocessable` that names what is missing, there twice, or in doubt
 */
export function readBarHeader(header: string, options: HeaderOptions = {}): BarHeader {
  const lines = header.replace(/^\uFEFF/, '').split('\n');
  const title = lines.length > 1 ? readTitle(lines[0] ?? '') : undefined;
  const line = lines.at(-1) ?? '';
  const isSpaced = title !== undefined || options.dialect === 'tdx' || line.includes('\t');
  const names = isSpaced ? line.trim().split(/[\t ,]+/) : headerNames(line);
  const lowered = names.map((name) => name.toLowerCase());
  const layout = layoutOf(lowered, options.dialect, title);
  if (line.includes('\t') && layout?.titled !== true) {
    throw new Failure('unprocessable', 'The header has tabs; the columns of a CSV stand between commas');
  }
  const columns = layout === undefined ? ownColumns(lowered) : foreignColumns(layout, lowered);
  const adjusted = layout?.adjusted === undefined ? -1 : lowered.indexOf(layout.adjusted.column);
  const used = new Set<number>([...Object.values(columns), adjusted]);
  const symbol = symbolOf(title, options.symbol);
  refuseMissing({ columns, symbol, layout }, lowered);
  return {
    dialect: layout?.dialect ?? 'mystocks',
    layout,
    title,
    columns,
    adjusted,
    count: names.length,
    ignored: names.filter((_, index) => !used.has(index)).map((name) => printable(name, NAME_MAX)),
    symbol: hasInstruments(columns) ? undefined : symbol,
  };
}

/**
 * A line with an empty code in a column that names instruments is damaged; the instrument of the request is not used for it.
 */
const hasInstruments = ({ symbol, code, exchange }: BarColumns): boolean => symbol >= 0 || code >= 0 || exchange >= 0;

function layoutOf(names: readonly string[], dialect: BarDialect | undefined, title: TitleLine | undefined) {
  if (title !== undefined && dialect !== undefined && dialect !== 'tdx') {
    throw new Failure('unprocessable', 'A title above the names of the columns is read with format=tdx only');
  }
  if (dialect === 'mystocks') return undefined;
  if (title !== undefined || dialect !== undefined) return layoutNamed(dialect ?? 'tdx', names);
  if (isOwn(names)) return undefined;
  return layouts.find(({ signatures }) => signatures.some((all) => all.every((name) => names.includes(name))));
}

function layoutNamed(dialect: BarDialect, names: readonly string[]): Layout | undefined {
  const [best] = layouts
    .filter((layout) => layout.dialect === dialect)
    .map((layout) => ({ layout, missing: missingNames(layout, names) }))
    .sort((a, b) => a.missing.length - b.missing.length);
  if (best === undefined || best.missing.length === 0) return best?.layout;
  throw new Failure('unprocessable', `The header lacks ${best.missing.join(', ')}, which files of ${dialect} have`);
}

/** A header with all of our own column names is read as ours, even if it has other columns. */
function isOwn(names: readonly string[]): boolean {
  const has = new Set(names.map((name) => barFieldOf(name)));
  const namesInstrument = has.has('symbol') || (has.has('code') && has.has('exchange'));
  const isDated = has.has('date') || has.has('t');
  return (
    namesInstrument && isDated && (['open', 'high', 'low', 'close', 'volume'] as const).every((one) => has.has(one))
  );
}

const noColumns = (): Record<BarField, number> =>
  Object.fromEntries(barFields.map((field) => [field, -1])) as Record<BarField, number>;

function ownColumns(names: readonly string[]): BarColumns {
  const columns = noColumns();
  names.forEach((name, index) => {
    const field = barFieldOf(name);
    if (field === undefined) return;
    if (columns[field] >= 0) throw new Failure('unprocessable', `The header names ${field} twice`);
    columns[field] = index;
  });
  return columns;
}

function foreignColumns({ fields }: Layout, names: readonly string[]): BarColumns {
  const columns = noColumns();
  for (const field of barFields) {
    const name = fields[field]?.find((one) => names.includes(one));
    if (name === undefined) continue;
    columns[field] = names.indexOf(name);
    if (names.lastIndexOf(name) !== columns[field]) {
      throw new Failure('unprocessable', `The header names ${name} twice`);
    }
  }
  return columns;
}

/** The instrument of lines that do not name it: what the request says, else the title of the file. */
function symbolOf(title: TitleLine | undefined, given: string | undefined): string | undefined {
  if (title !== undefined && given === undefined && title.namesIndex) {
    throw new Failure('unprocessable', `The title line is that of an index: name it with its exchange, ${EXAMPLE}`);
  }
  if (title !== undefined && given !== undefined && !given.includes(title.code)) {
    throw new Failure('unprocessable', `The title line names ${title.code}, but symbol or the file name says ${given}`);
  }
  return given ?? title?.code;
}

const NO_SYMBOL = 'code and exchange (or symbol)';

function refuseMissing({ columns, symbol, layout }: Readable, names: readonly string[]): void {
  const missing: string[] = layout === undefined ? missingOwn(columns) : [];
  const isNamed = columns.symbol >= 0 || (columns.code >= 0 && columns.exchange >= 0) || symbol !== undefined;
  if (!isNamed) missing.unshift(NO_SYMBOL);
  if (missing.length === 0) return;
  // Some sources use the same names for lots and for shares, so a header that fits several sources is rejected instead of
  // guessed.
  const possible = layout === undefined ? layouts.filter((one) => missingNames(one, names).length === 0) : [];
  const dialects = possible.map(({ dialect }) => dialect).join(' or ');
  const remedies = [
    ...(dialects === '' ? [] : [`if the file is one of ${dialects}, say so with format=`]),
    ...(isNamed || columns.code >= 0 ? [] : [`if it is of one instrument, name that: ${EXAMPLE}`]),
  ];
  throw new Failure('unprocessable', [`The header lacks ${missing.join(', ')}`, ...remedies].join('; '));
}

function missingOwn(columns: BarColumns): string[] {
  const missing: string[] = (['open', 'high', 'low', 'close', 'volume'] as const).filter((field) => columns[field] < 0);
  return columns.date < 0 && columns.t < 0 ? [...missing, 'date'] : missing;
}
