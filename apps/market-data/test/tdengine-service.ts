import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Bus } from '@mystocks/bus';
import {
  startNats,
  startPostgres,
  startService,
  startTdengineStandIn,
  testKeys,
  waitFor,
  type StartedService,
  type TdengineStandIn,
} from '@mystocks/testing';

type Program = 'auth/dist/migrate.js' | 'market-data/dist/main.js' | 'market-data/dist/migrate.js';
const programOf = (name: Program): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));

/** Runs a program to its end; code, and what it said. */
export async function runProgram(
  name: Program,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly code: number; readonly said: string }> {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [programOf(name)], { env, timeout: 60_000 });
    return { code: 0, said: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, said: stdout + stderr };
  }
}

export interface TdengineSystem {
  readonly service: StartedService;
  readonly standIn: TdengineStandIn;
  readonly bus: Bus;
  stop(): Promise<void>;
}

/** market-data as a process on real NATS and PostgreSQL, with its bars and quotes in the stand-in of TDengine. */
export async function startOnTdengine(): Promise<TdengineSystem> {
  const [nats, postgres, standIn] = await Promise.all([startNats(), startPostgres(), startTdengineStandIn()]);
  const store = { TIMESERIES_STORE: 'tdengine', TDENGINE_URL: standIn.url };
  for (const program of ['auth/dist/migrate.js', 'market-data/dist/migrate.js'] as const) {
    const migrated = await runProgram(program, { ...store, PG_MIGRATION_URL: postgres.ownerUrl });
    if (migrated.code !== 0) throw new Error(migrated.said);
  }
  const common = { NATS_URL: nats.url, LOG_LEVEL: 'warn' };
  // Only for its keys: market-data checks the token of every writer.
  const auth = await startService('auth', {
    ...common,
    PG_PRIMARY_URL: postgres.urlOf('auth'),
    AUTH_SIGNING_KEY: testKeys().privateKeyPem,
    AUTH_PASSWORD_PEPPER: randomBytes(32).toString('hex'),
  });
  const service = await startService('market-data', {
    ...common,
    ...store,
    PG_PRIMARY_URL: postgres.urlOf('market_data'),
  });
  const bus = Bus.connect({ servers: [nats.url], service: 'spec' });
  await waitFor(() => bus.connected, { timeoutMs: 10_000 });
  return {
    service,
    standIn,
    bus,
    stop: async () => {
      await Promise.all([service.stop(), auth.stop()]);
      await bus.drain();
      await Promise.all([nats.stop(), postgres.stop(), standIn.stop()]);
    },
  };
}
