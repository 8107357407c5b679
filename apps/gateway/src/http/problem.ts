import { HttpException } from '@nestjs/common';
import { Failure, failureCodes, problems, type FailureCode } from '@mystocks/contracts';
import { traceIdOf } from '@mystocks/telemetry';
import { InvalidInput } from '@mystocks/validation';
import type { Facts } from './facts.js';
import { invalidInput } from './input.js';

/** A failure as HTTP tells it. */
export interface Told {
  readonly status: number;
  /** Number and name of SURFACE.md §3. */
  readonly code: number;
  readonly title: string;
  readonly failure: Failure;
}

/** What the HTTP layers under us refuse by themselves, by their status; their own text is not passed on. */
const refusals: Readonly<
  Record<number, { readonly code: FailureCode; readonly title?: string; readonly detail: string }>
> = {
  400: { code: 'invalid', detail: 'The request could not be read' },
  404: { code: 'not_found', title: 'ROUTE_NOT_FOUND', detail: 'There is no such route' },
  405: { code: 'invalid', title: 'METHOD_NOT_ALLOWED', detail: 'This route does not have that method' },
  408: { code: 'timeout', title: 'REQUEST_TIMEOUT', detail: 'The request took too long to come' },
  413: { code: 'too_large', detail: 'The body is larger than this route takes' },
  414: { code: 'invalid', title: 'URI_TOO_LONG', detail: 'The path is too long' },
  415: { code: 'unsupported_media', detail: 'This route does not take that Content-Type' },
  417: {
    code: 'invalid',
    title: 'EXPECTATION_FAILED',
    detail: 'The Expect header may only be 100-continue',
  },
  431: { code: 'invalid', title: 'HEADERS_TOO_LARGE', detail: 'The headers are too large' },
};

/** Every thrown thing as HTTP tells it. A stranger becomes `internal`; its text stays here. */
export function tell(error: unknown): Told {
  if (error instanceof Failure) return toldFailure(error);
  if (error instanceof InvalidInput) return toldFailure(invalidInput(error));
  const refused = refusals[statusOf(error)];
  if (refused === undefined) return toldFailure(new Failure('internal', 'Something went wrong here', { cause: error }));
  const told = toldFailure(new Failure(refused.code, refused.detail, { cause: error }));
  const routing = refused.title === undefined ? {} : { title: refused.title, code: failureCodes.invalid.number };
  return { ...told, ...routing, status: statusOf(error) };
}

function toldFailure(failure: Failure): Told {
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

/** RFC 9457. */
export function problemDocument(told: Told, facts: Facts, path: string): Record<string, unknown> {
  const { failure } = told;
  return {
    type: `urn:mystocks:problem:${told.title.toLowerCase().replaceAll('_', '-')}`,
    title: told.title,
    status: told.status,
    code: told.code,
    detail: failure.message,
    instance: path,
    errors: failure.errors,
    ...(failure.candidates === undefined ? {} : { candidates: failure.candidates }),
    request_id: facts.context.requestId,
    trace_id: traceIdOf(facts.context.traceparent),
    retryable: failureCodes[failure.code].retryable,
  };
}

/** The same facts in the envelope of v1. */
export function problemV1(told: Told, facts: Facts, nowMs: number): Record<string, unknown> {
  const errors = told.failure.errors.map(({ pointer, code, message }) => ({
    field: pointer.slice(1) || null,
    code: String(code),
    message,
  }));
  return {
    success: false,
    code: told.code,
    message: told.failure.message,
    data: null,
    timestamp: new Date(nowMs).toISOString(),
    request_id: facts.context.requestId,
    errors: errors.length > 0 ? errors : null,
  };
}

/** Headers that belong to a failure: how to authenticate, when to come again. */
export function problemHeaders({ status, failure }: Told): Record<string, string> {
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
