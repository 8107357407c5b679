import type { Server as HttpServer } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { newContext, withContext } from '@mystocks/telemetry';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { Server, type Socket } from 'socket.io';
import { limitConnections } from './connection-limits.js';
import { openHandshake } from './handshake.js';
import { heartbeat, limits } from '../sessions/limits.js';
import type { RedisBridge } from './redis-bridge.js';

type Handler = Parameters<IoAdapter['bindMessageHandlers']>[1][number];

/**
 * Nest's Socket.IO adapter without RxJS on the socket: its `fromEvent` per message type and socket costs 15 KB a
 * connection, plain listeners 0.7 KB.
 */
export class LeanSocketAdapter extends IoAdapter {
  constructor(
    app: INestApplication,
    private readonly options: { readonly origins: ReadonlySet<string>; readonly bridge: RedisBridge },
  ) {
    super(app);
  }

  override createIOServer(_port: number, options?: object): never {
    const { origins, bridge } = this.options;
    const httpServer = this.httpServer as HttpServer;
    const server = new Server(httpServer, {
      ...options,
      transports: ['websocket'],
      allowUpgrades: false,
      serveClient: false,
      perMessageDeflate: false,
      ...heartbeat,
      connectTimeout: 10_000,
      maxHttpBufferSize: limits.message_bytes_max,
      adapter: bridge.adapter,
    });
    limitConnections(server, httpServer);
    openHandshake(httpServer, server.engine, origins);
    // Nest brings a Socket.IO of its own, one patch release apart; only the type differs.
    return server as never;
  }

  override bindMessageHandlers(client: unknown, handlers: Handler[]): void {
    const socket = client as Socket;
    for (const { message, callback } of handlers) {
      socket.on(String(message), (...args: unknown[]) => {
        const last = args.at(-1);
        const ack = typeof last === 'function' ? (last as (answer: unknown) => void) : undefined;
        void withContext(newContext(), () => run(callback, ack === args[0] ? undefined : args[0], ack));
      });
    }
  }
}

/** Never throws: failures were already answered by the gateway's filter. */
async function run(callback: Handler['callback'], data: unknown, ack?: (answer: unknown) => void): Promise<void> {
  const answer = (await callback(data, ack)) as unknown;
  if (answer !== undefined) ack?.(answer);
}
