import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onPort } from '../process/free-port.js';
import { ManagedProcess } from '../process/managed-process.js';
import { temporaryDirectory } from '../process/temporary-directory.js';
import { ask } from './ask.js';
import { findProgram } from './find-program.js';
import { inRepository, serverOf, type Place, type Server } from './server.js';

export interface RedisOptions extends Place {
  readonly password?: string;
}

export interface RedisServer extends Server {
  /** `redis://[:password@]127.0.0.1:port` */
  readonly url: string;
}

/** redis-server as a cache (nothing on disk), configured by `deploy/redis/redis.conf`. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const temporary = options.directory === undefined ? temporaryDirectory('redis') : undefined;
  const directory = options.directory ?? temporary ?? '';
  const { password } = options;
  return onPort(options.port, async (port) => {
    const config = join(directory, 'redis.conf');
    const lines = [
      `include ${JSON.stringify(inRepository('deploy/redis/redis.conf'))}`,
      'bind 127.0.0.1',
      `port ${String(port)}`,
      `dir ${JSON.stringify(directory)}`,
      'daemonize no',
      ...(password === undefined ? [] : [`requirepass ${JSON.stringify(password)}`]),
    ];
    writeFileSync(config, `${lines.join('\n')}\n`, { mode: 0o600 });
    const process = new ManagedProcess({
      name: 'redis-server',
      command: findProgram('redis-server'),
      args: [config],
      logFile: options.logFile,
      ready: (pid) => answers(port, pid, password),
    });
    await process.start();
    const credentials = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
    return { ...serverOf(port, process, temporary), url: `redis://${credentials}127.0.0.1:${String(port)}` };
  });
}

// INFO names the process, so that another server on a snatched port is not taken for ours.
async function answers(port: number, pid: number, password: string | undefined): Promise<void> {
  const login = password === undefined ? '' : `AUTH ${password}\r\n`;
  const received = await ask(port, `${login}INFO server\r\n`, (text) =>
    /process_id:\d+\r\n|-(ERR|NOAUTH|WRONGPASS|LOADING)/.test(text),
  );
  if (!received.includes(`process_id:${String(pid)}\r\n`)) throw new Error('not our redis-server');
}
