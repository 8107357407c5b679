import { UUID } from '@mystocks/kernel';
import {
  IsBody,
  IsCount,
  IsFlag,
  IsListOf,
  IsMatching,
  IsOneOf,
  IsShape,
  IsShapes,
  IsSymbolAlias,
  IsText,
} from '@mystocks/validation';
import { defineCall } from '../definition/define.js';
import { failureCodes, type FailureCode } from '../definition/failure.js';
import {
  barDialects,
  barStamps,
  IngestItem,
  IsHeader,
  IngestRemarks,
  type BarDialect,
  type BarStamps,
} from './ingest.contract.js';
import { storedTimeframes, type StoredTimeframe } from './market-data.words.js';
import { IsPosition } from '../definition/position.js';
import { loaders } from '../definition/roles.js';

const isId = () => IsMatching(UUID, 'a UUID');
const isAmount = () => IsCount(0, Number.MAX_SAFE_INTEGER);
const isNames = () => IsListOf({ name: 'names', test: (name) => typeof name === 'string' }, 10_000);

/** What a file holds. */
export const uploadKinds = ['bars', 'symbols', 'factors'] as const;
export type UploadKind = (typeof uploadKinds)[number];

/** `partial`: the good lines are stored, the others are in the report. */
export const operationStatuses = ['queued', 'running', 'succeeded', 'partial', 'failed', 'cancelled'] as const;
export type OperationStatus = (typeof operationStatuses)[number];

/** How the lines of a file are to be stored. */
export class UploadOptions {
  @IsOneOf(uploadKinds) readonly kind: UploadKind = 'bars';
  /** Frame of lines that have a time and do not say it themselves. */
  @IsOneOf(storedTimeframes, { optional: true, code: 2000 }) readonly timeframe?: StoredTimeframe;
  /** Register instruments that bars name and that are not listed yet, instead of refusing their lines. */
  @IsFlag() readonly register: boolean = false;
  /** `abort` stores nothing when one line is refused; `continue` stores the good ones. */
  @IsOneOf(['continue', 'abort']) readonly on_error: 'continue' | 'abort' = 'continue';
  /** Blocks that are stored at the same time, at most. 1 stores the lines in their order. */
  @IsCount(1, 8) readonly concurrency: number = 2;
  /** `end` where absent. */
  @IsOneOf(barStamps, { optional: true }) readonly stamps?: BarStamps;
  /** The instrument of a bars file that does not name it, e.g. `600519.SH`. */
  @IsSymbolAlias({ optional: true }) readonly symbol?: string;
}

export class OpenUploadRequest extends UploadOptions {
  /** Chosen by the caller, so that asking twice opens one upload. */
  @isId() readonly id!: string;
  @IsOneOf(['csv', 'ndjson']) readonly format!: 'csv' | 'ndjson';
  /** How to read a CSV of bars, instead of what its header says. */
  @IsOneOf(barDialects, { optional: true }) readonly dialect?: BarDialect;
  @IsText(1, 200, { optional: true }) readonly file_name?: string;
  @IsMatching(/^[\x21-\x7e]{1,200}$/, '1 to 200 visible ASCII characters', { optional: true })
  readonly idempotency_key?: string;
}

export class OpenedUpload {
  /** Of an earlier upload when the idempotency key was used before. */
  @isId() readonly id!: string;
  /** The file need not be staged again: only its digest is compared. */
  @IsFlag() readonly replayed!: boolean;
}

export const openUpload = defineCall({
  subject: 'svc.market-data.uploads.open.v1',
  request: OpenUploadRequest,
  response: OpenedUpload,
  timeoutMs: 2_500,
  effect: 'idempotent',
  allow: loaders,
});

/** A block of whole lines of the file, in UTF-8 whatever the file was encoded in. */
export class AppendUploadRequest {
  @isId() readonly id!: string;
  /** Number of its first line in the file, from 1. */
  @IsCount(1, Number.MAX_SAFE_INTEGER) readonly first_line!: number;
  @IsCount(1, 1_000_000) readonly lines!: number;
  @IsBody() readonly body!: Buffer;
}

export class AppendedUpload {}

/** Stages a block; the same block twice is staged once. */
export const appendUpload = defineCall({
  subject: 'svc.market-data.uploads.append.v1',
  request: AppendUploadRequest,
  response: AppendedUpload,
  timeoutMs: 10_000,
  effect: 'idempotent',
  allow: loaders,
});

/** The file is here to its end: what must be staged, and the queue begins. */
export class StartUploadRequest {
  @isId() readonly id!: string;
  /** The header line of a CSV. */
  @IsHeader() readonly header?: string;
  @IsCount(1, 1_000_000) readonly blocks!: number;
  @isAmount() readonly lines!: number;
  @isAmount() readonly bytes!: number;
  /** How the file was encoded before it was decoded to UTF-8, e.g. `gb18030`. */
  @IsText(1, 40, { optional: true }) readonly encoding?: string;
  /** SHA-256 of the text, hexadecimal; with an idempotency key. */
  @IsMatching(/^[0-9a-f]{64}$/, '64 hexadecimal digits', { optional: true }) readonly digest?: string;
}

class Share {
  @isAmount() readonly done!: number;
  @isAmount() readonly total!: number;
}

export class OperationProgress {
  /** `checking` is the first pass of `abort`: nothing is stored before the last line was found good. */
  @IsOneOf(['checking', 'storing']) readonly phase!: 'checking' | 'storing';
  @IsShape(Share) readonly blocks!: Share;
  @IsShape(Share) readonly lines!: Share;
  @IsShape(Share) readonly bytes!: Share;
}

export class OperationSummary {
  @isAmount() readonly total!: number;
  @isAmount() readonly succeeded!: number;
  @isAmount() readonly failed!: number;
  @isAmount() readonly inserted!: number;
  @isAmount() readonly updated!: number;
  @isAmount() readonly unchanged!: number;
}

export class OperationResult extends IngestRemarks {
  @IsShape(OperationSummary) readonly summary!: OperationSummary;
  /** Columns of the file that nothing reads. */
  @isNames() readonly ignored_columns!: string[];
  /** Symbols that were registered because of `register`. */
  @isNames() readonly registered!: string[];
  /** Refused lines that the report has. */
  @isAmount() readonly report_lines!: number;
  /** More lines were refused than the report keeps (about 100,000 a file). */
  @IsFlag() readonly report_truncated!: boolean;
  /** How the file was encoded, e.g. `gb18030`. */
  @IsText(1, 40, { optional: true }) readonly encoding?: string;
  /** Log position of the last commit. */
  @IsPosition({ optional: true }) readonly lsn?: string;
}

/** Why an operation failed, in the words of `Failure`. */
export class OperationProblem {
  @IsOneOf(Object.keys(failureCodes)) readonly code!: FailureCode;
  @IsText(1, 500) readonly message!: string;
  /** A `ProblemName`. */
  @IsMatching(/^[A-Z_]{1,40}$/, 'the name of a problem', { optional: true }) readonly problem?: string;
}

/** Work that goes on after its request was answered (202): the storing of an uploaded file. */
export class Operation {
  @isId() readonly id!: string;
  @IsOneOf(uploadKinds) readonly kind!: UploadKind;
  @IsOneOf(operationStatuses) readonly status!: OperationStatus;
  @IsOneOf(['continue', 'abort']) readonly on_error!: 'continue' | 'abort';
  @IsText(1, 200, { optional: true }) readonly file_name?: string;
  @IsText(1, 40) readonly created_at!: string;
  @IsText(1, 40, { optional: true }) readonly started_at?: string;
  @IsText(1, 40, { optional: true }) readonly ended_at?: string;
  /** Its end was requested; it ends before its next block. */
  @IsFlag() readonly cancelling!: boolean;
  @IsShape(OperationProgress) readonly progress!: OperationProgress;
  /** Once it has ended. */
  @IsShape(OperationResult, { optional: true }) readonly result?: OperationResult;
  @IsShape(OperationProblem, { optional: true }) readonly problem?: OperationProblem;
  /** The answer to a repeated request with the same idempotency key. */
  @IsFlag({ optional: true }) readonly replayed?: boolean;
}

export const startUpload = defineCall({
  subject: 'svc.market-data.uploads.start.v1',
  request: StartUploadRequest,
  response: Operation,
  timeoutMs: 10_000,
  effect: 'idempotent',
  allow: loaders,
});

export class OperationRequest {
  @isId() readonly id!: string;
}

/** Its owner and operators see an operation; for all other users it does not exist. */
export const getOperation = defineCall({
  subject: 'svc.market-data.uploads.get.v1',
  request: OperationRequest,
  response: Operation,
  timeoutMs: 1_500,
  effect: 'read',
  allow: loaders,
});

/** Ends an operation before its next block, or drops an upload that was never started. */
export const cancelOperation = defineCall({
  subject: 'svc.market-data.uploads.cancel.v1',
  request: OperationRequest,
  response: Operation,
  timeoutMs: 2_500,
  effect: 'idempotent',
  allow: loaders,
});

export class ReportRequest extends OperationRequest {
  /** The last line of the page before. */
  @isAmount() readonly after_line: number = 0;
  @IsCount(1, 1_000) readonly limit: number = 1_000;
}

export class ReportPage {
  /** Refused lines in the order of the file. */
  @IsShapes(IngestItem, 0, 1_000) readonly lines!: IngestItem[];
}

export const readReport = defineCall({
  subject: 'svc.market-data.uploads.report.v1',
  request: ReportRequest,
  response: ReportPage,
  timeoutMs: 1_500,
  effect: 'read',
  allow: loaders,
});
