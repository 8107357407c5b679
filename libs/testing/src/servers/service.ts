import { existsSync } from 'node:fs';
import { onPort, freePort } from '../process/free-port.js';
import { ManagedProcess } from '../process/managed-process.js';
import { inRepository, serverOf, type Server } from './server.js';

export type ServiceName = 'auth' | 'cache' | 'gateway' | 'market-data' | 'realtime';

export interface ServiceOptions {
  /** `live`: do not wait for readiness (a dependency is down on purpose). Default `ready`. */
  readonly until?: 'ready' | 'live';
  readonly startTimeoutMs?: number;
  readonly logFile?: string;
}

/** A service of the system in a process of its own. `port` is its management port. */
export interface StartedService extends Server {
  /** `http://127.0.0.1:port` of health and metrics. */
  readonly managementUrl: string;
  /** `http://127.0.0.1:port` of the public door; gateway and realtime only. */
  readonly url: string;
  /** Status and body of `/health/ready`. */
  readiness(): Promise<{ readonly status: number; readonly body: unknown }>;
}

const publicDoor: Partial<Record<ServiceName, string>> = { gateway: 'GATEWAY', realtime: 'REALTIME' };

/** Starts `apps/<name>/dist/main.js` (run `npm run build` first) with exactly `env`, and waits until it is ready. */
export async function startService(
  name: ServiceName,
  env: Readonly<Record<string, string>>,
  options: ServiceOptions = {},
): Promise<StartedService> {
  const main = inRepository(`apps/${name}/dist/main.js`);
  if (!existsSync(main)) throw new Error(`${main} is not there: run \`npm run build\``);
  const wanted = env['MANAGEMENT_PORT'];
  return onPort(wanted === undefined ? undefined : Number(wanted), async (port) => {
    const door = await doorOf(name, env);
    const managementUrl = `http://127.0.0.1:${String(port)}`;
    const process = new ManagedProcess({
      name,
      command: globalThis.process.execPath,
      args: ['--enable-source-maps', main],
      cwd: inRepository('.'),
      env: {
        PATH: globalThis.process.env['PATH'],
        LOG_LEVEL: 'info',
        SHUTDOWN_DELAY_MS: '0',
        MANAGEMENT_HOST: '127.0.0.1',
        MANAGEMENT_PORT: String(port),
        ...door.env,
        ...env,
      },
      logFile: options.logFile,
      startTimeoutMs: options.startTimeoutMs ?? 20_000,
      ready: async () => {
        const { status, body } = await health(managementUrl, options.until ?? 'ready');
        if (status !== 200) throw new Error(`${name} answers ${String(status)}: ${JSON.stringify(body)}`);
      },
    });
    await process.start();
    return {
      ...serverOf(port, process),
      managementUrl,
      url: door.url,
      readiness: () => health(managementUrl, 'ready'),
    };
  });
}

async function doorOf(
  name: ServiceName,
  env: Readonly<Record<string, string>>,
): Promise<{ url: string; env: Record<string, string> }> {
  const prefix = publicDoor[name];
  if (prefix === undefined) return { url: '', env: {} };
  const port = env[`${prefix}_PORT`] ?? String(await freePort());
  return { url: `http://127.0.0.1:${port}`, env: { [`${prefix}_HOST`]: '127.0.0.1', [`${prefix}_PORT`]: port } };
}

async function health(url: string, question: 'ready' | 'live'): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${url}/health/${question}`, { signal: AbortSignal.timeout(2_000) });
  const text = await response.text();
  try {
    return { status: response.status, body: JSON.parse(text) };
  } catch {
    return { status: response.status, body: text };
  }
}
