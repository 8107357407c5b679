import { symbolInFileName, type IngestItem, type IngestRemarks, type IngestReport } from '@mystocks/contracts';
import type { PendingEvent } from '../../idempotency/pending-events.js';
import type { Transaction } from '../../transactions/ingest-transactions.js';
import type { StagedBlock, StoredOptions, Upload } from './upload.js';

/** The result of a block that was only checked. */
export interface CheckedBlock {
  readonly total: number;
  readonly refused: readonly IngestItem[];
  readonly ignored: readonly string[];
  readonly remarks: IngestRemarks;
}

/** The result of a block whose transaction is not committed yet. */
export interface StoredBlock {
  readonly total: number;
  readonly inserted: number;
  readonly updated: number;
  /** Number of rejected lines; when there are any, the transaction must not be committed. */
  readonly refused: number;
  readonly registered: readonly string[];
  readonly remarks: IngestRemarks;
}

/** Lines that count as unchanged with their block and were stored at the end of their file. */
export interface ChangeCounts {
  readonly inserted: number;
  readonly updated: number;
}

/** The blocks of one file that are stored in one transaction. */
export interface WholeFile {
  store(transaction: Transaction, block: StagedBlock): Promise<StoredBlock>;
  /** Stores what had to wait for the last block. */
  end(transaction: Transaction): Promise<ChangeCounts>;
  /** The events to publish after the commit. */
  events(): Promise<PendingEvent[]>;
}

/** How the blocks of a kind of file are read and stored. */
export interface FileKind {
  /** As metrics count it. */
  readonly name: string;
  /** @throws {Failure} when the file cannot be read with this header */
  checkHeader(options: Upload['options'], header: string | undefined): void;
  /** Stores the good lines of a block. The same block again changes nothing and gives the same report. */
  ingest(upload: Upload, block: StagedBlock): Promise<IngestReport>;
  /** Stores what had to wait for the last block, once no other block is going to be stored; the same when it is repeated. */
  end(upload: Upload): Promise<ChangeCounts>;
  /** Returns the lines that {@link ingest} would reject. */
  check(upload: Upload, block: StagedBlock): Promise<CheckedBlock>;
  /** Starts a whole-file run; each run of the transaction needs a new one. */
  whole(upload: Upload): WholeFile;
  /** Called after a whole file was stored and its events were published. */
  afterWhole(): Promise<void>;
}

/** Lists withhold no lines until their end, because their blocks are stored in the order of the file. */
export const nothingWaits = (): Promise<ChangeCounts> => Promise.resolve({ inserted: 0, updated: 0 });

/** A staged block as the services that ingest take it. */
export function requestOf(
  { id, options, header, blocks }: Upload,
  { first_line, body }: StagedBlock,
  on_error: 'continue' | 'abort',
) {
  const { format, timeframe, register, dialect, stamps } = options;
  const symbol = symbolOf(options);
  return {
    body,
    format,
    first_line,
    on_error,
    register,
    want_items: false,
    idempotency_key: keyOf(id),
    ...(blocks > 1 ? { load: id, ends_load: true } : {}),
    ...(header === null ? {} : { header }),
    ...(timeframe === undefined ? {} : { timeframe }),
    ...(dialect === undefined ? {} : { dialect }),
    ...(stamps === undefined ? {} : { stamps }),
    ...(symbol === undefined ? {} : { symbol }),
  };
}

/** The instrument of a file whose lines do not name it: the upload states it, or the file name contains it. */
export const symbolOf = ({ symbol, file_name: name }: StoredOptions): string | undefined =>
  symbol ?? (name === undefined ? undefined : symbolInFileName(name));

/**
 * The idempotency key under which the blocks of an upload are stored. Its owner is this service, so that it cannot collide
 * with a key of a caller.
 */
export const keyOf = (id: string): string => `upload:${id}`;
