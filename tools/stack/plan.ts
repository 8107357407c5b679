import { othersMayPass } from '@mystocks/testing';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Default ports, beside the standard ones of the servers. Each can be set by the variable beside it; all move by MYSTOCKS_PORT_OFFSET. */
const defaults = {
  gateway: [3000, 'GATEWAY_PORT'],
  realtime: [3010, 'REALTIME_PORT'],
  gatewayManagement: [9100, 'MYSTOCKS_GATEWAY_MANAGEMENT_PORT'],
  marketDataManagement: [9101, 'MYSTOCKS_MARKET_DATA_MANAGEMENT_PORT'],
  cacheManagement: [9102, 'MYSTOCKS_CACHE_MANAGEMENT_PORT'],
  authManagement: [9103, 'MYSTOCKS_AUTH_MANAGEMENT_PORT'],
  realtimeManagement: [9104, 'MYSTOCKS_REALTIME_MANAGEMENT_PORT'],
  nats: [4322, 'MYSTOCKS_NATS_PORT'],
  redis: [6479, 'MYSTOCKS_REDIS_PORT'],
  postgres: [5532, 'MYSTOCKS_POSTGRES_PORT'],
  replica: [5533, 'MYSTOCKS_REPLICA_PORT'],
  etcd: [2479, 'MYSTOCKS_ETCD_PORT'],
  etcdPeer: [2480, 'MYSTOCKS_ETCD_PEER_PORT'],
} as const;

type PortName = keyof typeof defaults;
type Ports = Readonly<Record<PortName, number>>;

/** Where the stack lives and listens. */
export interface Plan {
  readonly repository: string;
  /** `.stack`, or MYSTOCKS_STACK_DIR. */
  readonly directory: string;
  readonly logs: string;
  readonly ports: Ports;
  readonly gatewayUrl: string;
  /** A file of the stack directory. */
  file(name: 'admin.json' | 'secrets.json' | 'stack.pid'): string;
}

/** Reads the plan from the environment. */
export function readPlan(env: NodeJS.ProcessEnv = process.env): Plan {
  const repository = fileURLToPath(new URL('../..', import.meta.url));
  const directory = resolve(repository, env['MYSTOCKS_STACK_DIR'] ?? '.stack');
  const ports = readPorts(env);
  return {
    repository,
    directory,
    logs: join(directory, 'logs'),
    ports,
    gatewayUrl: `http://127.0.0.1:${String(ports.gateway)}`,
    file: (name) => join(directory, name),
  };
}

function readPorts(env: NodeJS.ProcessEnv): Ports {
  const offset = readNumber(env, 'MYSTOCKS_PORT_OFFSET', 0, [0, 50_000]);
  const entries = Object.entries(defaults).map(([name, [port, variable]]) => [
    name,
    readNumber(env, variable, port + offset, [1, 65_535]),
  ]);
  return Object.fromEntries(entries) as Ports;
}

function readNumber(
  env: NodeJS.ProcessEnv,
  name: string,
  fallback: number,
  [least, most]: readonly [number, number],
): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new Error(`${name} must be a whole number from ${String(least)} to ${String(most)}`);
  }
  return value;
}

/** Name, port and variable of every port, for the message that one is taken. */
export function portList({ ports }: Plan): { name: PortName; port: number; variable: string }[] {
  return (Object.keys(defaults) as PortName[]).map((name) => ({
    name,
    port: ports[name],
    variable: defaults[name][1],
  }));
}

/** Makes the stack directory, closed to others. */
export function makeDirectories(plan: Plan): void {
  mkdirSync(plan.directory, { recursive: true });
  // As root PostgreSQL runs as another user, who must be able to pass through; no other user can list it.
  chmodSync(plan.directory, process.getuid?.() === 0 ? 0o711 : 0o700);
  for (const name of ['logs', 'nats', 'redis', 'etcd'])
    mkdirSync(join(plan.directory, name), { recursive: true, mode: 0o700 });
}

/** Where PostgreSQL keeps its data: in the stack directory, unless its own user cannot get there (a clone in /root). */
export function postgresDirectory(plan: Plan): string {
  const inside = join(plan.directory, 'postgres');
  if (process.getuid?.() !== 0 || existsSync(join(inside, 'primary')) || othersMayPass(plan.directory)) return inside;
  return `/var/lib/mystocks-${createHash('sha256').update(plan.directory).digest('hex').slice(0, 12)}`;
}
