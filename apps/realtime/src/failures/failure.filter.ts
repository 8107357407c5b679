import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { currentContext, requestIdFrom } from '@mystocks/telemetry';
import type { Socket } from 'socket.io';
import { reply, toFailure, toSocketError } from './socket-error.js';

/** Sends the errors of the handlers of `/market` to their clients. */
@Catch()
export class FailureFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const [socket, , ack] = host.getArgs<[Socket, unknown, unknown]>();
    reply(socket, ack, toSocketError(toFailure(error), requestIdFrom(currentContext()?.requestId)));
  }
}
