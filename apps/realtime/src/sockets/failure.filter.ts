import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { currentContext, requestIdFrom } from '@mystocks/telemetry';
import type { Socket } from 'socket.io';
import { reply } from './doorman.js';
import { toFailure, toSocketError } from './socket-error.js';

/** The only place where failures of `/market` become messages. */
@Catch()
export class FailureFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const [socket, , ack] = host.getArgs<[Socket, unknown, unknown]>();
    reply(socket, ack, toSocketError(toFailure(error), requestIdFrom(currentContext()?.requestId)));
  }
}
