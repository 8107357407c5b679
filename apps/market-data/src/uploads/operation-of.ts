import { remarksOf, type Operation, type OperationResult, type OperationStatus } from '@mystocks/contracts';
import type { Upload } from './kinds/upload.js';

const ended: readonly string[] = ['succeeded', 'partial', 'failed', 'cancelled'] satisfies OperationStatus[];

export const hasEnded = ({ status }: Pick<Upload, 'status'>): boolean => ended.includes(status);

/** Describes an upload as the operation that its owner sees. */
export function operationOf(upload: Upload): Operation {
  const { id, options, status, created_at, started_at, ended_at, cancelling, problem } = upload;
  return {
    id,
    kind: options.kind,
    // An upload that was not started is shown only while it is being dropped.
    status: status === 'staging' ? 'cancelled' : status,
    on_error: options.on_error,
    ...(options.file_name === undefined ? {} : { file_name: options.file_name }),
    created_at,
    ...(started_at === null ? {} : { started_at }),
    ...(ended_at === null ? {} : { ended_at }),
    cancelling: cancelling && !hasEnded(upload),
    progress: {
      phase: upload.phase,
      blocks: { done: upload.blocks_done, total: upload.blocks },
      lines: { done: upload.lines_done, total: upload.lines },
      bytes: { done: upload.bytes_done, total: upload.bytes },
    },
    ...(hasEnded(upload) ? { result: resultOf(upload) } : {}),
    ...(problem === null ? {} : { problem }),
  };
}

function resultOf(upload: Upload): OperationResult {
  const { total, inserted, updated, unchanged, failed, lsn, report_lines: kept } = upload;
  const succeeded = inserted + updated + unchanged;
  return {
    // With `abort`, valid lines that were not stored because of the rejected ones count as failed too.
    summary: { total, succeeded, failed: total - succeeded, inserted, updated, unchanged },
    ignored_columns: [...upload.ignored_columns],
    registered: [...upload.registered],
    ...remarksOf(upload.remarks),
    ...(upload.options.encoding === undefined ? {} : { encoding: upload.options.encoding }),
    report_lines: kept,
    report_truncated: failed > kept,
    ...(lsn === null ? {} : { lsn }),
  };
}
