import type {
  IngestRemarks,
  OpenUploadRequest,
  OperationStatus,
  OperationProblem,
  StartUploadRequest,
  UploadOptions,
} from '@mystocks/contracts';

/** How the lines are to be read and stored, as the upload was opened; how they were encoded, since it was started. */
export type StoredOptions = UploadOptions &
  Pick<OpenUploadRequest, 'format' | 'dialect' | 'file_name'> &
  Pick<StartUploadRequest, 'encoding'>;

/** `staging` until the whole file is here; only its sender sees it until then. */
type UploadStatus = OperationStatus | 'staging';

/** An upload as it is stored; times in RFC 3339. */
export interface Upload {
  readonly id: string;
  readonly owner: string;
  readonly request_id: string;
  readonly options: StoredOptions;
  readonly status: UploadStatus;
  readonly header: string | null;
  /** SHA-256 of the text, hexadecimal. */
  readonly digest: string | null;
  readonly blocks: number;
  readonly lines: number;
  readonly bytes: number;
  readonly phase: 'checking' | 'storing';
  readonly blocks_done: number;
  readonly lines_done: number;
  readonly bytes_done: number;
  /** Records that were read; a file may have empty lines too. */
  readonly total: number;
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  /** Records that were refused. */
  readonly failed: number;
  readonly report_lines: number;
  readonly ignored_columns: readonly string[];
  readonly registered: readonly string[];
  readonly remarks: IngestRemarks;
  readonly lsn: string | null;
  readonly problem: OperationProblem | null;
  readonly cancelling: boolean;
  /** Runs that began since the last block was stored. */
  readonly attempts: number;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly ended_at: string | null;
}

/** A staged block. */
export interface StagedBlock {
  /** Number of its first line in the file, from 1. */
  readonly first_line: number;
  readonly lines: number;
  readonly body: Buffer;
}

const instant = (column: string): string =>
  `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS ${column}`;
// bigint arrives as text otherwise; every count here is far below 2^53.
const count = (column: string): string => `${column}::float8 AS ${column}`;

/** What a statement must select or return for an {@link Upload}. */
export const uploadColumns = [
  'id, owner, request_id, options, status, header, phase, report_lines, ignored_columns, registered, remarks, problem',
  `cancelling, attempts, blocks, blocks_done, encode(digest, 'hex') AS digest, lsn::text AS lsn`,
  ...['lines', 'bytes', 'lines_done', 'bytes_done', 'total', 'inserted', 'updated', 'unchanged', 'failed'].map(count),
  ...['created_at', 'started_at', 'ended_at'].map(instant),
].join(', ');
