import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { noteUpgraded, refuseRequest, refuseSocket } from '@mystocks/edge';
import { mayConnect } from './origins.js';

const PATH = '/socket.io/';
/** RFC 6455 §4.1: 16 bytes in base64. */
const KEY = /^[+/0-9A-Za-z]{22}==$/;

/** Takes over connections whose handshake is valid. */
interface UpgradeHandler {
  handleUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): void;
}

/**
 * Puts itself before Engine.IO, which answers what it refuses in a form of its own and leaves other upgrades half open.
 * The only request that is served is the WebSocket handshake of Socket.IO; every other one is refused with a problem
 * document, and its body is not read.
 */
export function openHandshake(server: Server, engine: UpgradeHandler, origins: ReadonlySet<string>): void {
  server.removeAllListeners('request').on('request', (request, response) => {
    refuseRequest(request, response, 404);
  });
  server.removeAllListeners('upgrade').on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    noteUpgraded(socket);
    const status = refusalStatusOf(request, origins);
    if (status === undefined) engine.handleUpgrade(request, socket, head);
    else refuseSocket(socket, status, { request, linger: true });
  });
}

function refusalStatusOf(request: IncomingMessage, origins: ReadonlySet<string>): 400 | 403 | 404 | undefined {
  const [path, query] = (request.url ?? '').split('?', 2);
  if (path !== PATH) return 404;
  const asked = new URLSearchParams(query);
  const isHandshake =
    request.method === 'GET' &&
    request.headers.upgrade?.toLowerCase() === 'websocket' &&
    request.headers['sec-websocket-version'] === '13' &&
    KEY.test(request.headers['sec-websocket-key'] ?? '') &&
    asked.get('transport') === 'websocket' &&
    asked.get('EIO') === '4' &&
    !asked.has('sid');
  if (!isHandshake) return 400;
  return mayConnect(request.headers, origins) ? undefined : 403;
}
