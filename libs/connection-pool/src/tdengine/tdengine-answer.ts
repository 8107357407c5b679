import { BrokenAnswer, TdengineError } from './tdengine-errors.js';

/** BIGINT comes as bigint, TIMESTAMP as epoch ms, DECIMAL as text, smaller numbers and DOUBLE as number. */
export type TdengineValue = string | number | bigint | boolean | null;

export interface TdengineAnswer {
  /** Names in the order of the values of a row. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly TdengineValue[])[];
  /** Rows written or deleted; null for a query. */
  readonly affected: number | null;
}

interface Column {
  readonly name: string;
  readonly type: string;
}

/**
 * Reads the body of an answer. Throws {@link TdengineError} for a code other than 0, whatever the HTTP status was, and
 * {@link BrokenAnswer} for what is not one whole answer.
 */
export function readAnswer(body: string): TdengineAnswer {
  const raw = objectOf(parsed(body));
  const { code, desc } = raw;
  if (typeof code !== 'number') throw new BrokenAnswer('it has no code');
  if (code !== 0) throw new TdengineError(code, typeof desc === 'string' ? desc : '');
  const columns = columnsOf(raw['column_meta']);
  const data = raw['data'];
  if (!Array.isArray(data) || data.length !== raw['rows']) throw new BrokenAnswer('its rows are not those it counts');
  const lines = needsSource(columns, data) ? objectOf(parsedExactly(body))['data'] : data;
  const rows = (lines as unknown[]).map((line) => rowOf(line, columns));
  const count = columns.length === 1 && columns[0]?.name === 'affected_rows' ? rows[0]?.[0] : undefined;
  if (typeof count === 'number') return { columns: [], rows: [], affected: count };
  return { columns: columns.map(({ name }) => name), rows, affected: null };
}

function rowOf(line: unknown, columns: readonly Column[]): TdengineValue[] {
  if (!Array.isArray(line) || line.length !== columns.length) throw new BrokenAnswer('a row lacks columns');
  return columns.map((column, place) => valueOf(line[place], column));
}

function valueOf(raw: unknown, { name, type }: Column): TdengineValue {
  if (raw === null) return null;
  if (type === 'TIMESTAMP') return instantOf(raw, name);
  if (type.startsWith('BIGINT')) {
    if (typeof raw === 'bigint') return raw;
    if (typeof raw === 'number' && Number.isSafeInteger(raw)) return BigInt(raw);
  } else if (typeof raw === 'string' || typeof raw === 'boolean') return raw;
  else if (typeof raw === 'bigint') return Number(raw);
  else if (typeof raw === 'number' && Number.isFinite(raw)) return raw;
  throw new BrokenAnswer(`column ${name} holds no ${type}`);
}

const RFC3339_MS = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3}0*)?(Z|[+-]\d{2}:\d{2})$/;

// Finer than a millisecond is not expected of our databases; it is refused rather than rounded.
function instantOf(raw: unknown, name: string): number {
  const ms = typeof raw === 'string' && RFC3339_MS.test(raw) ? Date.parse(raw) : Number.NaN;
  if (Number.isNaN(ms)) throw new BrokenAnswer(`column ${name} holds no RFC 3339 time in milliseconds`);
  return ms;
}

/** A BIGINT beyond 2^53 was rounded by JSON.parse: the document is read again, with its digits. */
function needsSource(columns: readonly Column[], data: readonly unknown[]): boolean {
  const places = columns.flatMap(({ type }, place) => (type.startsWith('BIGINT') ? [place] : []));
  return data.some((line) =>
    places.some((place) => {
      const value: unknown = Array.isArray(line) ? line[place] : null;
      return typeof value === 'number' && !Number.isSafeInteger(value);
    }),
  );
}

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;

function parsedExactly(body: string): unknown {
  // The third argument (the digits as they came) is in Node since 21 and not in the types of TypeScript 6.
  const withDigits: Reviver = (_, value, { source }) =>
    typeof value === 'number' && source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value;
  return JSON.parse(body, withDigits as (key: string, value: unknown) => unknown);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new BrokenAnswer('it is no whole document', error);
  }
}

function objectOf(raw: unknown): Record<string, unknown> {
  if (typeof raw !== 'object' || raw === null) throw new BrokenAnswer('it is no object');
  return raw as Record<string, unknown>;
}

function columnsOf(meta: unknown): Column[] {
  if (!Array.isArray(meta)) throw new BrokenAnswer('it names no columns');
  return (meta as unknown[]).map((column) => {
    const [name, type]: unknown[] = Array.isArray(column) ? (column as unknown[]) : [];
    if (typeof name !== 'string' || typeof type !== 'string') throw new BrokenAnswer('a column has no name or type');
    return { name, type };
  });
}
