import { Failure, failureCodes, type OperationProblem } from '@mystocks/contracts';
import type { Upload } from './kinds/upload.js';
import type { RunCounts, Verdict } from './stored/upload-queue.repository.js';

const failed = (code: OperationProblem['code'], message: string): Verdict => ({
  status: 'failed',
  problem: { code, message },
});

/** The verdict on a file that was read to its end; `stored` says whether its valid lines were stored. */
export function verdictOf({ total, failed: refused }: Pick<RunCounts, 'total' | 'failed'>, stored = false): Verdict {
  if (total === 0) return failed('invalid', 'The file has no lines');
  if (refused === 0) return { status: 'succeeded' };
  if (stored && refused < total) return { status: 'partial' };
  return failed(
    'unprocessable',
    `Nothing was stored: ${refused} of ${total} lines were refused; the report names them`,
  );
}

/** True for a failure that another try would repeat, because the file itself is wrong. */
export function isFinal(error: unknown): error is Failure {
  return (
    error instanceof Failure &&
    !failureCodes[error.code].retryable &&
    error.code !== 'internal' &&
    error.code !== 'conflict'
  );
}

export function finalVerdict({ code, message, problem }: Failure): Verdict {
  return { status: 'failed', problem: { code, message, ...(problem === undefined ? {} : { problem }) } };
}

/** The verdict after the last of several tries in a row that stored no block. */
export function givenUp({ attempts, inserted, updated, unchanged }: Upload): Verdict {
  const stored = inserted + updated + unchanged;
  return failed(
    'unavailable',
    `Given up after ${attempts} attempts. ${stored} lines are stored and stay; uploading the file again is safe`,
  );
}
