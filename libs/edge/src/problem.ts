import { Failure, failureCodes, type FailureCode } from '@mystocks/contracts';
import { traceIdOf, type RequestContext } from '@mystocks/telemetry';

/** A failure as HTTP answers it. */
export interface Problem {
  readonly status: number;
  /** Number and name of the problem, the same in every transport. */
  readonly code: number;
  readonly title: string;
  readonly failure: Failure;
}

interface Refusal {
  readonly code: FailureCode;
  readonly title?: string;
  readonly detail: string;
}

/** What HTTP itself refuses, before a route was found or a body was read, by status. */
const refusals: Readonly<Record<number, Refusal>> = {
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

/** What a public port refuses by itself. */
const portRefusals: Readonly<Record<number, Refusal>> = {
  403: { code: 'forbidden', detail: 'Pages of this origin may not connect' },
  503: { code: 'unavailable', detail: 'All connections of this server are in use; connect again later' },
};

/** The problem of a status that HTTP itself refuses with; undefined for other statuses. */
export const refusalOf = (status: number, cause?: unknown): Problem | undefined => problemFrom(status, refusals, cause);

/** The problem of a status that a public port refuses with. @throws for a status that it does not use */
export function portRefusalOf(status: number): Problem {
  const problem = refusalOf(status) ?? problemFrom(status, portRefusals);
  if (problem === undefined) throw new Error(`a public port refuses nothing with status ${status}`);
  return problem;
}

function problemFrom(status: number, from: Readonly<Record<number, Refusal>>, cause?: unknown): Problem | undefined {
  const refused = from[status];
  if (refused === undefined) return undefined;
  const { number, name } = failureCodes[refused.code];
  const failure = new Failure(refused.code, refused.detail, { cause });
  if (refused.title === undefined) return { status, code: number, title: name, failure };
  return { status, code: failureCodes.invalid.number, title: refused.title, failure };
}

/** RFC 9457. */
export function problemDocument(
  problem: Problem,
  context: Pick<RequestContext, 'requestId' | 'traceparent'>,
  path: string,
): Record<string, unknown> {
  const { failure } = problem;
  return {
    type: `urn:mystocks:problem:${problem.title.toLowerCase().replaceAll('_', '-')}`,
    title: problem.title,
    status: problem.status,
    code: problem.code,
    detail: failure.message,
    instance: path,
    errors: failure.errors,
    ...(failure.candidates === undefined ? {} : { candidates: failure.candidates }),
    request_id: context.requestId,
    trace_id: traceIdOf(context.traceparent),
    retryable: failureCodes[failure.code].retryable,
  };
}
