import { Failure, failureCodes, problems } from '@mystocks/contracts';
import { log } from '@mystocks/telemetry';
import { InvalidInput } from '@mystocks/validation';

/** An error as a socket client gets it; the numbers are those of the problem documents of HTTP (SURFACE.md §3). */
export interface SocketError {
  readonly code: number;
  readonly title: string;
  readonly message: string;
  readonly request_id: string;
  readonly retryable: boolean;
  /** Seconds after which the same request may succeed, where that is known. */
  readonly retry_after_s?: number;
  readonly errors?: readonly { readonly pointer: string; readonly code: number; readonly message: string }[];
  readonly candidates?: readonly string[];
}

/** A stranger becomes `internal`; its text goes to the log and never to a client. */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof InvalidInput) {
    const first = error.violations[0];
    const text =
      first === undefined ? 'The message is not valid' : `${first.pointer || 'The message'} ${first.message}`;
    return new Failure('invalid', text, { errors: error.violations, cause: error });
  }
  log.error({ err: error }, 'unexpected failure in a socket handler');
  return new Failure('internal', 'Internal error', { cause: error });
}

export function toSocketError(failure: Failure, requestId: string): SocketError {
  const { number, name, retryable } = failureCodes[failure.code];
  return {
    code: failure.problem === undefined ? number : problems[failure.problem],
    title: failure.problem ?? name,
    message: failure.message,
    request_id: requestId,
    retryable,
    ...(failure.retryAfterS === undefined ? {} : { retry_after_s: failure.retryAfterS }),
    ...(failure.errors.length === 0 ? {} : { errors: failure.errors }),
    ...(failure.candidates === undefined ? {} : { candidates: failure.candidates }),
  };
}
