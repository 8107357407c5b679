import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { root } from '../requests.js';

/** Connections that each client keeps. */
const CONNECTIONS = 10;
/** How long a client waits after an answer before it uses the same connection again. */
const PAUSE_MS = 80;

/** What a client did. */
export interface ClientRun {
  readonly sent: number;
  /** One line for each request that was not answered with 200. */
  readonly failures: readonly string[];
}

/** A program that sends requests with one client or several, each over connections that it keeps. */
export interface ClientProgram {
  readonly clients: readonly string[];
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Why it cannot run on this machine; undefined when it can. */
  readonly missing: string | undefined;
}

/** Where tools/setup/test-clients.mjs installs what the Python client needs. */
const pythonPath = join(root, 'node_modules/.mystocks-python');
const file = (name: string): string => join(import.meta.dirname, name);
const python = { command: 'python3', env: { PYTHONPATH: pythonPath } };

export const clientPrograms: readonly ClientProgram[] = [
  {
    clients: ['http.Agent', 'blind sockets'],
    command: process.execPath,
    args: [file('node-clients.ts')],
    missing: undefined,
  },
  {
    ...python,
    clients: ['requests.Session'],
    args: [file('requests_client.py')],
    missing: runs(python.command, ['-c', 'import requests'], python.env)
      ? undefined
      : 'there is no python3 that can import requests (npm test installs it where python3 has pip)',
  },
  {
    clients: ['java.net.http.HttpClient', 'java.net.HttpURLConnection'],
    command: 'java',
    // HttpURLConnection keeps five connections by default. The quick compiler takes less of the time of the gateways.
    args: [`-Dhttp.maxConnections=${CONNECTIONS}`, '-XX:TieredStopAtLevel=1', file('KeepAliveClients.java')],
    missing: runs('java', ['--describe-module', 'jdk.compiler'])
      ? undefined
      : 'there is no JDK 11 or newer on the PATH',
  },
];

function runs(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): boolean {
  return spawnSync(command, args, { stdio: 'ignore', env: { ...process.env, ...env } }).status === 0;
}

/** A client program that runs. It goes on until {@link end} is called and it has sent `requests` with each client. */
export class RunningClients {
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown[]>;
  #output = '';
  #errors = '';

  constructor(
    private readonly program: ClientProgram,
    load: { readonly url: string; readonly token: string; readonly requests: number },
  ) {
    const { command, args, env } = program;
    const asked = {
      URL: load.url,
      TOKEN: load.token,
      REQUESTS: String(load.requests),
      CLIENTS: String(CONNECTIONS),
      PAUSE_MS: String(PAUSE_MS),
    };
    this.#child = spawn(command, args, { env: { ...process.env, ...env, ...asked }, stdio: 'pipe' });
    this.#child.stdout?.on('data', (text) => (this.#output += String(text)));
    this.#child.stderr?.on('data', (text) => (this.#errors += String(text)));
    this.#closed = once(this.#child, 'close');
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** What each client did, by its name. */
  async end(): Promise<ReadonlyMap<string, ClientRun>> {
    this.#child.stdin?.end();
    const [code] = await this.#closed;
    if (code !== 0) throw new Error(`${this.program.command} ended with ${String(code)}:\n${this.#errors}`);
    return new Map(Object.entries(JSON.parse(this.#output) as Record<string, ClientRun>));
  }
}
