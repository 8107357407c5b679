import { serviceNames, type Account } from '@mystocks/testing';
import { join } from 'node:path';
import type { Plan } from './plan.ts';
import { managementUrl } from './services.ts';

/** The addresses of the system, its administrator, and one command to try. */
export function startBanner(plan: Plan, { username, password }: Account, detached: boolean): string {
  const { gatewayUrl, ports } = plan;
  const management = serviceNames.map(
    (name) => `${name} ${managementUrl(plan, name).slice('http://127.0.0.1'.length)}`,
  );
  return `
MyStocks runs.

  gateway     ${gatewayUrl}/api/v2
  documents   ${gatewayUrl}/docs
  realtime    http://127.0.0.1:${String(ports.realtime)}/market (Socket.IO)
  health      http://127.0.0.1:<port>/health/ready and /metrics: ${management.join(', ')}
  logs        ${plan.logs}
  admin       ${username}   ${password}   (${plan.file('admin.json')})

Try, in this directory:

  curl -s -H "Authorization: Bearer $(${settings(plan)}npm run -s token)" '${gatewayUrl}/api/v2/stocks/600000.SH/bars?timeframe=1Day&limit=2&sort=desc'

${detached ? '`npm run stop` stops it.' : 'Ctrl-C stops it.'}`;
}

/** The variables that the command needs when this is not the usual stack, because the user's shell may not have them. */
function settings({ repository, directory, ports }: Plan): string {
  const place = directory === join(repository, '.stack') ? '' : `MYSTOCKS_STACK_DIR='${directory}' `;
  return ports.gateway === 3000 ? place : `${place}GATEWAY_PORT=${String(ports.gateway)} `;
}
