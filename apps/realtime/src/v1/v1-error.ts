import type { Failure } from '@mystocks/contracts';
import type { Socket } from 'socket.io';
import { toSocketError } from '../failures/socket-error.js';

const streamEvents: ReadonlySet<unknown> = new Set([
  'subscribe_market_stream',
  'unsubscribe_market_stream',
  'stream_filter_update',
]);

/** Sends a failure in the original's two shapes, with or without an acknowledgement: `stream_error` for streams, `error` else. */
export function emitV1Error(socket: Socket, event: unknown, [failure, requestId]: readonly [Failure, string]): void {
  const { title, message, request_id, retry_after_s } = toSocketError(failure, requestId);
  socket.emit(streamEvents.has(event) ? 'stream_error' : 'error', {
    error_code: title,
    message,
    request_id,
    ...(retry_after_s === undefined ? {} : { retry_after_s }),
  });
}
