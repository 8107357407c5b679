import { loadSettings } from '@mystocks/config';
import { PublicPort, refuseRequest } from '@mystocks/edge';
import { runService } from '@mystocks/service';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { RealtimeModule } from './realtime.module.js';
import { RealtimeSettings } from './realtime.settings.js';
import { LeanSocketAdapter } from './connections/lean-socket.adapter.js';
import { parseOrigins } from './connections/origins.js';
import { RedisBridge } from './connections/redis-bridge.js';

/** Connections beside the authenticated sockets: those that are opening, and those that are being refused. */
const OPENING_MAX = 1_000;

const settings = loadSettings(RealtimeSettings);
const port = new PublicPort({
  connectionsMax: settings.REALTIME_SOCKETS_MAX + OPENING_MAX,
  addressConnectionsMax: settings.REALTIME_ADDRESS_CONNECTIONS_MAX,
});

await runService({
  name: 'realtime',
  settings,
  module: () => RealtimeModule,
  checks: (app) => [app.get(RedisBridge, { strict: false }).check(), port.check()],
  http: {
    host: settings.REALTIME_HOST,
    port: settings.REALTIME_PORT,
    adapter: () =>
      new FastifyAdapter({
        serverFactory: () =>
          port.createServer((request, response) => {
            refuseRequest(request, response, 404);
          }),
        // The port answers these errors itself; without this handler Fastify would answer them a second time.
        clientErrorHandler: () => undefined,
      }),
    prepare: (app) => {
      const bridge = app.get(RedisBridge, { strict: false });
      const origins = parseOrigins(settings.REALTIME_ORIGINS);
      app.useWebSocketAdapter(new LeanSocketAdapter(app, { origins, bridge }));
    },
  },
});
