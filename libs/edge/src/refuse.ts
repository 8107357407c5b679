import { STATUS_CODES, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { requestIdFrom, traceparentFrom } from '@mystocks/telemetry';
import { isHeldBack } from './bodies.js';
import { securityHeaders } from './headers.js';
import { portRefusalOf, problemDocument } from './problem.js';

/** How long a refused client may take to read why, while it is still sending. */
const LINGER_MS = 500;
/** Clients that may take that time at once; more of them are cut off as soon as the refusal is written. */
const LINGERING_MAX = 1_000;
let lingering = 0;

interface Answer {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Answers a request with the problem document of a status that HTTP itself refuses with (400, 404, 417 …). */
export function refuseRequest(request: IncomingMessage, response: ServerResponse, status: number): void {
  const { headers, body } = answerOf(status, request);
  if (isHeldBack(response)) response.shouldKeepAlive = false;
  response.writeHead(status, headers).end(request.method === 'HEAD' ? undefined : body);
}

/**
 * Answers on the bare socket with the problem document of a status, then destroys it: as soon as the answer is written,
 * or, with `linger`, at most half a second later, because closing a connection with unread bytes can hide the answer.
 */
export function refuseSocket(
  socket: Socket,
  status: number,
  { request, linger = false }: { readonly request?: IncomingMessage; readonly linger?: boolean } = {},
): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const { headers, body } = answerOf(status, request);
  const lines = Object.entries({ ...headers, connection: 'close' }).map(([name, value]) => `${name}: ${value}\r\n`);
  // The client may break off meanwhile: an `error` event of a socket without a listener would end the process.
  socket.on('error', () => undefined);
  const mayLinger = linger && lingering < LINGERING_MAX;
  if (mayLinger) destroyLater(socket);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`, () => {
    if (!mayLinger) socket.destroy();
  });
}

function destroyLater(socket: Socket): void {
  lingering += 1;
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket
    .once('end', () => socket.destroy())
    .once('close', () => {
      lingering -= 1;
      clearTimeout(timer);
    })
    .resume();
}

function answerOf(status: number, request?: IncomingMessage): Answer {
  const given: IncomingHttpHeaders = request?.headers ?? {};
  const context = {
    requestId: requestIdFrom(given['x-request-id']),
    traceparent: traceparentFrom(given['traceparent']),
  };
  const problem = portRefusalOf(status);
  const path = (request?.url ?? '/').split('?', 1)[0] ?? '/';
  const body = JSON.stringify(problemDocument(problem, context, path.slice(0, 512)));
  const headers = {
    ...securityHeaders,
    'content-type': 'application/problem+json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    'cache-control': 'no-store',
    ...(status === 503 ? { 'retry-after': '1' } : {}),
    'x-request-id': context.requestId,
    traceparent: context.traceparent,
  };
  return { headers, body };
}
