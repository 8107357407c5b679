import type { Socket } from 'node:net';
import { newContext } from '@mystocks/telemetry';
import { securityHeaders } from './headers.js';
import { problemDocument, tell } from './problem.js';

/** Answers what was not HTTP, or came too slowly, on the bare socket: there is no request to answer. */
export function refuseConnection(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const context = newContext();
  const told = tell({ statusCode: statusOf(error.code) });
  const facts = { startedMs: 0, context, caller: undefined, cache: undefined };
  const body = JSON.stringify(problemDocument(told, facts, '/'));
  const headers = {
    ...securityHeaders,
    'content-type': 'application/problem+json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    'cache-control': 'no-store',
    'x-request-id': context.requestId,
    traceparent: context.traceparent,
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${told.status} ${told.title}\r\n${lines.join('')}\r\n${body}`);
}

function statusOf(code: string | undefined): number {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 408;
  return code === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
}
