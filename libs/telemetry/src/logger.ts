import type { LoggerService } from '@nestjs/common';
import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';
import { withoutSecrets } from '@mystocks/kernel';
import { currentContext, traceIdOf } from './context.js';
import { loggedFields } from './logged-error.js';

export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error' | 'fatal'>;

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'silent';

let root: PinoLogger = pino({ level: 'silent' });

/**
 * Opens the process's log: one JSON line an event on standard output, with the service, and the request and trace id
 * of whatever was under way. Of an error it shows type, message, code, stack and causes; what a `Secret` holds is never
 * shown, wherever it stands.
 */
export function openLog(
  options: { readonly service: string; readonly level: LogLevel },
  destination?: DestinationStream,
): void {
  root = pino(
    {
      level: options.level,
      base: { service: options.service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: loggedFields },
      // pino's own would add every field of an error.
      serializers: { err: (logged: unknown) => logged },
      hooks: { streamWrite: withoutSecrets },
      redact: ['password', 'token', 'authorization', '*.password', '*.token', '*.authorization'],
      mixin: () => {
        const context = currentContext();
        return context === undefined ? {} : { request_id: context.requestId, trace_id: traceIdOf(context.traceparent) };
      },
    },
    destination ?? pino.destination({ sync: false, minLength: 0 }),
  );
}

/** The process's log; silent until {@link openLog} was called. */
export const log: Logger = {
  get debug() {
    return root.debug.bind(root);
  },
  get info() {
    return root.info.bind(root);
  },
  get warn() {
    return root.warn.bind(root);
  },
  get error() {
    return root.error.bind(root);
  },
  get fatal() {
    return root.fatal.bind(root);
  },
};

/** Nest's own messages go the same way; its start-up chatter is kept for `debug`. */
export const nestLogger: LoggerService = {
  log: (message: unknown, context?: unknown) => {
    root.debug({ nest: context }, String(message));
  },
  warn: (message: unknown, context?: unknown) => {
    root.warn({ nest: context }, String(message));
  },
  error: (message: unknown, stack?: unknown, context?: unknown) => {
    root.error({ nest: context, stack }, String(message));
  },
  debug: (message: unknown, context?: unknown) => {
    root.debug({ nest: context }, String(message));
  },
  verbose: (message: unknown, context?: unknown) => {
    root.debug({ nest: context }, String(message));
  },
};
