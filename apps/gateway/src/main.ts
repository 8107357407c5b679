import { loadSettings } from '@mystocks/config';
import { runService } from '@mystocks/service';
import { AccessLog } from '@mystocks/telemetry';
import { GatewayModule } from './gateway.module.js';
import { GatewaySettings } from './gateway.settings.js';
import { Edge } from './http/edge.js';
import { openGateway } from './open-gateway.js';

const settings = loadSettings(GatewaySettings);
const accessLog = new AccessLog('gateway');
const edge = new Edge(accessLog);

await runService({
  name: 'gateway',
  settings,
  module: () => GatewayModule.forRoot(settings),
  http: {
    host: settings.GATEWAY_HOST,
    port: settings.GATEWAY_PORT,
    adapter: () => edge.adapter(),
    drain: () => {
      edge.drain();
    },
    prepare: (app) => {
      openGateway(app, edge, accessLog);
    },
  },
});
