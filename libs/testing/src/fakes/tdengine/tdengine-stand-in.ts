import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sleep } from '../../process/wait-for.js';
import { Catalog } from './run/catalog.js';
import { Credentials, type TdengineAccount } from './credentials.js';
import { RestServer } from './rest-server.js';

/**
 * What goes wrong with requests from now on. `error`: HTTP 200 with a code; `refused`: a status with a code, as 401, 403
 * and 429; `unavailable`: 503 with a bare string; `slow`: the answer comes `ms` later; `held`: not before `heal()`;
 * `broken`: the statement runs and its answer breaks off midway; `reset`: it runs and the connection is cut.
 */
export type TdengineFault =
  | { readonly kind: 'error'; readonly code: number; readonly desc: string }
  | { readonly kind: 'refused'; readonly status: number; readonly code: number; readonly desc: string }
  | { readonly kind: 'slow'; readonly ms: number }
  | { readonly kind: 'unavailable' | 'held' | 'broken' | 'reset' };

export interface TdengineStandInOptions extends Partial<TdengineAccount> {
  /** Default: a free port. */
  readonly port?: number;
}

const NOTED_CHARACTERS = 200;
const NOTED_MAX = 10_000;

/**
 * Stands in for TDengine 3 behind taosAdapter: the REST protocol, the part of the SQL that the system's adapters write,
 * and faults on demand. Data lies in memory and outlives `restart()`. It is no TDengine: plans, limits and speed differ.
 */
export class TdengineStandIn {
  readonly #rest: RestServer;
  #server: Server | undefined;
  #port: number;
  #fault: TdengineFault | undefined;
  readonly #held = new Set<() => void>();
  #requests = 0;
  #connections = 0;
  /** Connections opened, since the start or `forget()`. */
  connectionsOpened = 0;
  /** The most requests that were under way at once. */
  requestsPeak = 0;
  /** The beginning of each of the first 10,000 statements, in the order of arrival. */
  statements: string[] = [];

  constructor(options: TdengineStandInOptions) {
    const { user = 'root', password = 'taosdata', port = 0 } = options;
    this.#rest = new RestServer(new Catalog(), new Credentials({ user, password }));
    this.#port = port;
  }

  get port(): number {
    return this.#port;
  }

  /** `http://user:password@127.0.0.1:port`, as TDENGINE_URL takes it. */
  get url(): string {
    const { user, password } = this.#rest.credentials.account;
    return `http://${encodeURIComponent(user)}:${encodeURIComponent(password)}@127.0.0.1:${String(this.#port)}`;
  }

  /** Requests that are under way now. */
  get requests(): number {
    return this.#requests;
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#connections;
  }

  /** Counts from here on. */
  forget(): void {
    this.connectionsOpened = 0;
    this.requestsPeak = this.#requests;
    this.statements = [];
  }

  fault(fault: TdengineFault): void {
    this.#fault = fault;
  }

  /** Lets the requests that are held now go on; new ones are held again. */
  release(): void {
    for (const goOn of this.#held) goOn();
    this.#held.clear();
  }

  /** No fault any more; held requests go on. */
  heal(): void {
    this.#fault = undefined;
    this.release();
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => void this.#serve(request, response));
    // Go's server keeps idle connections open and says nothing of it.
    server.keepAliveTimeout = 0;
    server.on('connection', (socket) => {
      this.connectionsOpened += 1;
      this.#connections += 1;
      socket.once('close', () => (this.#connections -= 1));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Cuts every connection and listens no more; the data stays for `start()`. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }

  /** Away and back: same port, same data, all connections cut. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#requests += 1;
    this.requestsPeak = Math.max(this.requestsPeak, this.#requests);
    response.once('close', () => (this.#requests -= 1));
    try {
      const pieces: Buffer[] = [];
      for await (const piece of request) pieces.push(piece as Buffer);
      const body = Buffer.concat(pieces).toString('utf8');
      if (this.statements.length < NOTED_MAX) this.statements.push(body.slice(0, NOTED_CHARACTERS));
      await this.#answer(request, body, response);
    } catch (error) {
      // A client that went away while it was read, or a mistake of the stand-in: neither may look like an answer.
      response.destroy(error instanceof Error ? error : undefined);
    }
  }

  async #answer(request: IncomingMessage, body: string, response: ServerResponse): Promise<void> {
    const fault = this.#fault;
    switch (fault?.kind) {
      case 'error':
        return json(response, 200, { code: fault.code, desc: fault.desc, timing: 1 });
      case 'refused':
        return json(response, fault.status, { code: fault.code, desc: fault.desc });
      case 'unavailable':
        return json(response, 503, 'memory exceeds threshold');
      case 'slow':
        await sleep(fault.ms);
        break;
      case 'held':
        await new Promise<void>((resolve) => this.#held.add(resolve));
        break;
      case 'broken':
      case 'reset':
        return this.#rest.answer(request, body, response, fault.kind);
      case undefined:
    }
    return this.#rest.answer(request, body, response, undefined);
  }
}

/** A real server to try the same things on, where there is one: `TDENGINE_URL`. */
export const realTdengineUrl = (): string | undefined => process.env['TDENGINE_URL'];

/** Starts the stand-in on loopback; `root`/`taosdata` unless said otherwise. */
export async function startTdengineStandIn(options: TdengineStandInOptions = {}): Promise<TdengineStandIn> {
  const standIn = new TdengineStandIn(options);
  await standIn.start();
  return standIn;
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(body));
}
