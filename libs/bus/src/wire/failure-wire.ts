import {
  Failure,
  failureCodes,
  problems,
  type FailureCode,
  type FieldError,
  type ProblemName,
} from '@mystocks/contracts';
import { writeHead } from './headers.js';

/** The header of NATS micro (ADR-32) that marks a reply as a failure. */
export const ERROR_CODE = 'nats-service-error-code';
const ERRORS_MAX = 50;

/** Encodes a failure: the error headers of NATS micro, and all details as JSON. Its cause is not sent. */
export function encodeFailure(failure: Failure): { readonly head: Buffer; readonly payload: Buffer } {
  const { code, message, problem, errors, retryAfterS, candidates } = failure;
  return {
    head: writeHead([
      ['Nats-Service-Error-Code', String(failureCodes[code].status)],
      ['Nats-Service-Error', oneLine(message)],
    ]),
    payload: Buffer.from(
      JSON.stringify({
        code,
        message,
        problem,
        errors: errors.length === 0 ? undefined : errors.slice(0, ERRORS_MAX),
        retry_after_s: retryAfterS,
        candidates,
      }),
    ),
  };
}

const oneLine = (text: string): string => text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 200);

/** Decodes the failure in a reply. One with an unknown code, or that cannot be parsed, becomes `internal`. */
export function decodeFailure(payload: Uint8Array): Failure {
  const raw = parse(payload);
  const code = raw['code'];
  if (typeof code !== 'string' || !Object.hasOwn(failureCodes, code)) return new Failure('internal', 'Internal error');
  const message = typeof raw['message'] === 'string' ? raw['message'] : code;
  const problem = raw['problem'];
  const retryAfterS = raw['retry_after_s'];
  const candidates = raw['candidates'];
  return new Failure(code as FailureCode, message, {
    errors: errorsOf(raw['errors']),
    ...(typeof problem === 'string' && Object.hasOwn(problems, problem) ? { problem: problem as ProblemName } : {}),
    ...(typeof retryAfterS === 'number' ? { retryAfterS } : {}),
    ...(Array.isArray(candidates) ? { candidates: candidates.filter((one) => typeof one === 'string') } : {}),
  });
}

function parse(payload: Uint8Array): Record<string, unknown> {
  try {
    const raw: unknown = JSON.parse(Buffer.from(payload).toString('utf8'));
    return typeof raw === 'object' && raw !== null ? (raw as Record<string, unknown>) : {};
  } catch {
    // The reply has error headers but no JSON body: it was not sent by this system's server.
    return {};
  }
}

function errorsOf(raw: unknown): FieldError[] {
  if (!Array.isArray(raw)) return [];
  return (raw as unknown[]).filter(isFieldError).slice(0, ERRORS_MAX);
}

function isFieldError(one: unknown): one is FieldError {
  if (typeof one !== 'object' || one === null) return false;
  const { pointer, code, message } = one as Record<string, unknown>;
  return typeof pointer === 'string' && typeof code === 'number' && typeof message === 'string';
}
