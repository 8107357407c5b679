import {
  IsBody,
  IsCount,
  IsFlag,
  IsListOf,
  IsMatching,
  IsOneOf,
  IsShape,
  IsShapes,
  IsText,
} from '@mystocks/validation';
import { IsPosition } from '../definition/position.js';

/** Families of bars files that are understood; each says how its columns, units, symbols and times are to be read. */
export const barDialects = ['mystocks', 'tushare', 'akshare', 'baostock', 'tdx', 'pandas', 'sina'] as const;
export type BarDialect = (typeof barDialects)[number];

/** Whether the times of minute bars say when a bar ends (as they are stored) or when it starts. */
export const barStamps = ['end', 'start'] as const;
export type BarStamps = (typeof barStamps)[number];

/** The form of an `Idempotency-Key`: 1 to 200 visible ASCII characters. */
export const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,200}$/;

/** A key under which a write is done once, however often its caller sends it; see docs/guides/idempotency.md. */
export const IsIdempotencyKey = (): PropertyDecorator =>
  IsMatching(IDEMPOTENCY_KEY, '1 to 200 visible ASCII characters', { optional: true });

/** What stands above the lines of a CSV: the names of its columns, and in an export of TDX a title line above them. */
export const IsHeader = (): PropertyDecorator =>
  IsMatching(/^[^\u0000-\u0008\u000b-\u001f\u007f]{1,4000}$/, '1 to 4,000 characters without control characters', {
    optional: true,
  });

/** A block of whole lines of a bars or instruments file (CSV or NDJSON). */
export class IngestRequest {
  @IsBody() readonly body!: Buffer;
  @IsOneOf(['csv', 'ndjson']) readonly format!: 'csv' | 'ndjson';
  /** The file's header line; needed for CSV. The body holds data lines only. */
  @IsHeader() readonly header?: string;
  /** Number of the body's first line in the file (1 = first line), for reports. */
  @IsCount(1, Number.MAX_SAFE_INTEGER) readonly first_line: number = 1;
  @IsOneOf(['continue', 'abort']) readonly on_error: 'continue' | 'abort' = 'continue';
  /** Answer one item a line, not only the failed ones. */
  @IsFlag() readonly want_items: boolean = false;
  /** Only report: nothing is stored, and no instrument registered. The counts of what would change stay 0. */
  @IsFlag({ optional: true }) readonly dry_run?: boolean;
  /** With it the block is stored once; blocks of one file carry the same key and are told apart by `first_line`. */
  @IsIdempotencyKey() readonly idempotency_key?: string;
  /** Names the file that the block is part of: of two lines of one file about the same thing the later one is stored. */
  @IsText(1, 64, { optional: true }) readonly load?: string;
}

export class IngestItem {
  /** Line of the file, from 1. */
  @IsCount(1, Number.MAX_SAFE_INTEGER) readonly line!: number;
  /** What the line is about, e.g. `600519.SH 1Day 2020-01-02`; as given when it could not be read. */
  @IsText(0, 120) readonly id!: string;
  /** 201 stored anew, 200 already there or changed, 4xx refused. */
  @IsCount(200, 599) readonly status!: number;
  @IsCount(1, 9_999, { optional: true }) readonly code?: number;
  @IsText(1, 300, { optional: true }) readonly message?: string;
}

/** Lines of a block, at most: a report that names each of them still fits the bus (8 MB). */
export const BLOCK_LINES_MAX = 18_000;

const isLine = () => IsCount(1, Number.MAX_SAFE_INTEGER);

/** A line that was valid but not stored, because a later line of the same file gives the same bar. */
export class SupersededLine {
  @isLine() readonly line!: number;
  /** The line that replaced it. */
  @isLine() readonly by!: number;
}

/** Lines that were superseded: all are counted, the first 1,000 of a block are listed. */
export class SupersededLines {
  @IsCount(0, Number.MAX_SAFE_INTEGER) readonly count!: number;
  @IsShapes(SupersededLine, 0, 1_000) readonly lines!: SupersededLine[];
}

/** Something suspicious that was stored all the same, e.g. volumes that look like lots. */
export class IngestWarning {
  @IsText(1, 60) readonly kind!: string;
  @IsCount(1, Number.MAX_SAFE_INTEGER) readonly count!: number;
  /** The first 20 lines of the file that it is about. */
  @IsListOf({ name: 'line numbers', test: (line) => Number.isSafeInteger(line) }, 20) readonly lines!: number[];
  @IsText(1, 300) readonly message!: string;
}

/** What a report says beside its counts; absent where there is nothing to say. */
export class IngestRemarks {
  /** How the file was read. */
  @IsOneOf(barDialects, { optional: true }) readonly dialect?: BarDialect;
  /** How volumes and amounts were converted, e.g. `volume × 100, amount × 1,000`. */
  @IsText(1, 100, { optional: true }) readonly conversion?: string;
  /** Values that were rounded to the scale of their column because only arithmetic noise stood beyond it. */
  @IsCount(0, Number.MAX_SAFE_INTEGER, { optional: true }) readonly rounded?: number;
  @IsShape(SupersededLines, { optional: true }) readonly superseded?: SupersededLines;
  @IsShapes(IngestWarning, 0, 20, { optional: true }) readonly warnings?: IngestWarning[];
}

export class IngestReport extends IngestRemarks {
  @IsCount(0, 1_000_000) readonly total!: number;
  @IsCount(0, 1_000_000) readonly inserted!: number;
  @IsCount(0, 1_000_000) readonly updated!: number;
  @IsCount(0, 1_000_000) readonly unchanged!: number;
  @IsCount(0, 1_000_000) readonly failed!: number;
  /** Every line with `want_items`, else the refused ones (at most one for each line of a block). */
  @IsShapes(IngestItem, 0, BLOCK_LINES_MAX) readonly items!: IngestItem[];
  /** Columns of the file that nothing reads. */
  @IsListOf({ name: 'names', test: (name) => typeof name === 'string' }, 200) readonly ignored_columns!: string[];
  /** Symbols that were registered because of `register`. */
  @IsListOf({ name: 'symbols', test: (name) => typeof name === 'string' }, 10_000) readonly registered!: string[];
  /** Time the owning service worked on it, ms; of a replay that of the first run. */
  @IsCount(0, 3_600_000) readonly took_ms!: number;
  /** True when it was stored before under the same key, and this is the report of then. */
  @IsFlag({ optional: true }) readonly replayed?: boolean;
  /** Lines that are not stored before the end of their load (see `endLoad`); they count as unchanged. */
  @IsCount(1, BLOCK_LINES_MAX, { optional: true }) readonly withheld?: number;
  /** Log position of the commit; a read that carries it as X-Read-After sees the write. */
  @IsPosition({ optional: true }) readonly lsn?: string;
}
