import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { currentContext, requestIdFrom } from '@mystocks/telemetry';
import type { Socket } from 'socket.io';
import { toFailure, toSocketError } from '../sockets/socket-error.js';

const streamEvents: readonly unknown[] = [
  'subscribe_market_stream',
  'unsubscribe_market_stream',
  'stream_filter_update',
];

/** Failures in the original's two shapes: `stream_error` for streams, `error` for the rest. */
@Catch()
export class V1Filter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const args = host.getArgs<unknown[]>();
    const socket = args[0] as Socket;
    const problem = toSocketError(toFailure(error), requestIdFrom(currentContext()?.requestId));
    socket.emit(streamEvents.includes(args.at(-1)) ? 'stream_error' : 'error', {
      error_code: problem.title,
      message: problem.message,
      request_id: problem.request_id,
    });
  }
}
