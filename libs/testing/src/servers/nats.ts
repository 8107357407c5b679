import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { onPort } from '../process/free-port.js';
import { ManagedProcess } from '../process/managed-process.js';
import { temporaryDirectory } from '../process/temporary-directory.js';
import { ask } from './ask.js';
import { findProgram } from './find-program.js';
import { inRepository, serverOf, type Place, type Server } from './server.js';

export interface NatsOptions extends Place {
  /** Clients must show it; without one every client is accepted (loopback only). */
  readonly token?: string;
}

export interface NatsServer extends Server {
  /** `nats://127.0.0.1:port`, without the token. */
  readonly url: string;
}

/** nats-server with JetStream and the limits of `deploy/nats/nats.conf`. */
export async function startNats(options: NatsOptions = {}): Promise<NatsServer> {
  const temporary = options.directory === undefined ? temporaryDirectory('nats') : undefined;
  const directory = options.directory ?? temporary ?? '';
  return onPort(options.port, async (port) => {
    const config = join(directory, 'nats.conf');
    writeFileSync(config, configuration(directory, port, options.token), { mode: 0o600 });
    const process = new ManagedProcess({
      name: 'nats-server',
      command: findProgram('nats-server'),
      args: ['-c', config],
      logFile: options.logFile,
      ready: (pid) => answers(port, pid, options.token),
    });
    await process.start();
    return { ...serverOf(port, process, temporary), url: `nats://127.0.0.1:${String(port)}` };
  });
}

const serverName = (port: number): string => `mystocks-${String(port)}`;

function configuration(directory: string, port: number, token: string | undefined): string {
  return [
    `include ${JSON.stringify(relative(directory, inRepository('deploy/nats/nats.conf')))}`,
    `server_name: ${serverName(port)}`,
    'host: 127.0.0.1',
    `port: ${String(port)}`,
    `jetstream { store_dir: ${JSON.stringify(join(directory, 'jetstream'))} }`,
    ...(token === undefined ? [] : [`authorization { token: ${JSON.stringify(token)} }`]),
    '',
  ].join('\n');
}

async function answers(port: number, pid: number, token: string | undefined): Promise<void> {
  const connect = JSON.stringify({
    verbose: false,
    pedantic: false,
    ...(token !== undefined && { auth_token: token }),
  });
  const received = await ask(port, `CONNECT ${connect}\r\nPING\r\n`, (text) => /PONG\r\n|-ERR/.test(text));
  if (!received.includes('PONG')) throw new Error(`nats-server ${String(pid)} says ${received.slice(-100)}`);
}
