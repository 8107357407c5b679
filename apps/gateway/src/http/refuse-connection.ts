import type { IncomingMessage, ServerResponse } from 'node:http';
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
  const { status, title, headers, body } = refusal(statusOf(error.code), '/');
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${title}\r\n${lines.join('')}\r\n${body}`);
}

/** Answers a request with an `Expect` header other than 100-continue; Node would send a bare 417. */
export function refuseExpectation(request: IncomingMessage, response: ServerResponse): void {
  const { status, headers, body } = refusal(417, (request.url ?? '/').split('?', 1)[0] ?? '/');
  response.writeHead(status, headers).end(body);
}

interface Refusal {
  readonly status: number;
  readonly title: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function refusal(statusCode: number, path: string): Refusal {
  const context = newContext();
  const told = tell({ statusCode });
  const facts = { startedMs: 0, context, caller: undefined, cache: undefined };
  const body = JSON.stringify(problemDocument(told, facts, path.slice(0, 512)));
  const headers = {
    ...securityHeaders,
    'content-type': 'application/problem+json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    'cache-control': 'no-store',
    'x-request-id': context.requestId,
    traceparent: context.traceparent,
    connection: 'close',
  };
  return { status: told.status, title: told.title, headers, body };
}

function statusOf(code: string | undefined): number {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 408;
  return code === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
}
