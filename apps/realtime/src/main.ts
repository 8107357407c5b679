import { loadSettings } from '@mystocks/config';
import { runService } from '@mystocks/service';
import { RealtimeModule } from './realtime.module.js';
import { RealtimeSettings } from './realtime.settings.js';
import { LeanSocketAdapter } from './sockets/lean-socket.adapter.js';
import { parseOrigins } from './sockets/origins.js';
import { RedisBridge } from './sockets/redis-bridge.js';

const settings = loadSettings(RealtimeSettings);

await runService({
  name: 'realtime',
  settings,
  module: (given) => RealtimeModule.forRoot(given),
  checks: (app) => [app.get(RedisBridge, { strict: false }).check()],
  http: {
    host: settings.REALTIME_HOST,
    port: settings.REALTIME_PORT,
    prepare: (app) => {
      const bridge = app.get(RedisBridge, { strict: false });
      const origins = parseOrigins(settings.REALTIME_ORIGINS);
      app.useWebSocketAdapter(new LeanSocketAdapter(app, { origins, bridge }));
    },
  },
});
