import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { currentContext, requestIdFrom } from '@mystocks/telemetry';
import type { Socket } from 'socket.io';
import { toFailure } from '../failures/socket-error.js';
import { emitV1Error } from './v1-error.js';

/** Failures of handlers of v1. */
@Catch()
export class V1Filter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const args = host.getArgs<unknown[]>();
    const requestId = requestIdFrom(currentContext()?.requestId);
    emitV1Error(args[0] as Socket, args.at(-1), [toFailure(error), requestId]);
  }
}
