import { Failure, failureCodes, problems } from '@mystocks/contracts';
import { log } from '@mystocks/telemetry';
import { InvalidInput } from '@mystocks/validation';
import type { Socket } from 'socket.io';

/** An error as a socket client receives it; the numbers are those of the problem documents of HTTP. */
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

/** Any other error becomes `internal`: its text is logged and never sent to a client. */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof InvalidInput) {
    const first = error.violations[0];
    const text =
      first === undefined ? 'The message is not valid' : `${first.pointer || 'The message'} ${first.message}`;
    return new Failure('invalid', text, { errors: error.violations, cause: error });
  }
  log.error({ err: error }, 'unexpected error in a socket handler');
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

/** Sends an error through the acknowledgement when the client requested one, else as an `error` event. */
export function reply(socket: Socket, ack: unknown, error: SocketError): void {
  if (typeof ack === 'function') (ack as (answer: object) => void)({ ok: false, ...error });
  else socket.emit('error', error);
}
