import { loadSettings } from '@mystocks/config';
import { runService } from '@mystocks/service';
import { AccessLog } from '@mystocks/telemetry';
import { GatewayModule } from './gateway.module.js';
import { GatewaySettings } from './gateway.settings.js';
import { Edge } from './edge/edge.js';
import { openGateway } from './edge/open-gateway.js';

const settings = loadSettings(GatewaySettings);
const accessLog = new AccessLog('gateway');
const edge = new Edge(accessLog, {
  connectionsMax: settings.GATEWAY_CONNECTIONS_MAX,
  addressConnectionsMax: settings.GATEWAY_ADDRESS_CONNECTIONS_MAX,
  trustedProxies: settings.GATEWAY_TRUSTED_PROXIES,
});

await runService({
  name: 'gateway',
  settings,
  module: () => GatewayModule,
  checks: () => [edge.port.check()],
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
