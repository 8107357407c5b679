import { HttpException } from '@nestjs/common';
import { Failure, failureCodes, problems } from '@mystocks/contracts';
import { refusalOf, type Problem } from '@mystocks/edge';
import { InvalidInput } from '@mystocks/validation';
import type { Facts } from './facts.js';
import { invalidInput } from './input.js';

/** The problem document of an error. An error of unknown type becomes `internal`, and its text stays in the log. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Failure) return ofFailure(error);
  if (error instanceof InvalidInput) return ofFailure(invalidInput(error));
  return (
    refusalOf(statusOf(error), error) ??
    ofFailure(new Failure('internal', 'Something went wrong here', { cause: error }))
  );
}

function ofFailure(failure: Failure): Problem {
  const { status, number, name } = failureCodes[failure.code];
  if (failure.problem === undefined) return { status, code: number, title: name, failure };
  return { status, code: problems[failure.problem], title: failure.problem, failure };
}

function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  if (error instanceof URIError) return 400;
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return 500;
  return typeof error.statusCode === 'number' ? error.statusCode : 500;
}

/** The same facts in the envelope of v1. */
export function problemV1(problem: Problem, facts: Facts, nowMs: number): Record<string, unknown> {
  const errors = problem.failure.errors.map(({ pointer, code, message }) => ({
    field: pointer.slice(1) || null,
    code: String(code),
    message,
  }));
  return {
    success: false,
    code: problem.code,
    message: problem.failure.message,
    data: null,
    timestamp: new Date(nowMs).toISOString(),
    request_id: facts.context.requestId,
    errors: errors.length > 0 ? errors : null,
  };
}

/** Headers that belong to a failure: how to authenticate, when to come again. */
export function problemHeaders({ status, failure }: Problem): Record<string, string> {
  const headers: Record<string, string> = { 'cache-control': 'no-store' };
  if (status === 401) {
    const error = failure.problem === undefined ? '' : ', error="invalid_token"';
    headers['www-authenticate'] = `Bearer realm="mystocks"${error}`;
  }
  if (status === 403) headers['www-authenticate'] = 'Bearer realm="mystocks", error="insufficient_scope"';
  // Of a conflict only the one that passes by itself says when: a write under the same key that is under way.
  const comesAgain = status === 429 || status === 503 || failure.retryAfterS !== undefined;
  if (comesAgain) headers['retry-after'] = String(failure.retryAfterS ?? 1);
  return headers;
}
