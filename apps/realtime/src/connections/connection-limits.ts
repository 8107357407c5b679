import type { Server as HttpServer } from 'node:http';
import { metrics } from '@mystocks/telemetry';
import type { Server, Socket } from 'socket.io';
import { Rate } from '../sessions/rate.js';

/**
 * Packets of one connection, of any kind: also attempts to join a namespace, which belong to no session. The limit is above that
 * of messages (limits.ts), so that a client that only sends messages too fast first receives an error that says so.
 */
const PACKETS = { perSecond: 60, burst: 300 };
/** How long a connection that was closed here may wait for the client to close it as well. The default of `ws` is 30 s. */
const CLOSE_TIMEOUT_MS = 2_000;

/** Closes connections that send too many packets, and does not wait long for clients that do not take part in the closing. */
export function limitConnections({ engine }: Server, http: HttpServer): void {
  // Engine.IO makes its WebSocket server when the port opens, and passes on none of the options of it.
  http.on('listening', () => {
    const { ws } = engine as unknown as { readonly ws: { readonly options: { closeTimeout: number } } };
    ws.options.closeTimeout = CLOSE_TIMEOUT_MS;
  });
  engine.on('connection', (connection: Socket['conn']) => {
    const rate = new Rate(PACKETS, Date.now());
    connection.on('packet', () => {
      if (rate.take(Date.now())) return;
      metrics.socketRefused.inc({ reason: 'packets' });
      connection.close(true);
    });
  });
}
