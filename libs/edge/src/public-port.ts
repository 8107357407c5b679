import { createServer, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { log, metrics } from '@mystocks/telemetry';
import { BodyBudget, holdBodyBack } from './bodies.js';
import { isAnswering, type CloseReason } from './connection.js';
import { Connections } from './connections.js';
import { defaultLimits, type PortLimits } from './limits.js';
import { connectionsWithin } from './open-files.js';
import { refuseRequest, refuseSocket } from './refuse.js';

/** How often Node looks for headers that take too long. */
const HEADERS_CHECK_MS = 1_000;

/** A check of readiness, as libs/health takes it. */
interface PortCheck {
  readonly name: string;
  readonly probe: () => Promise<void>;
  readonly detail: () => Readonly<Record<string, number>>;
}

/**
 * The HTTP server of a public port. Whatever its clients do, the connections they hold, the time they take and the
 * bytes they send have a limit, and a client that keeps within them is served.
 */
export class PublicPort {
  readonly limits: PortLimits;
  readonly connections: Connections;
  readonly bodies: BodyBudget;
  readonly #connectionsAsked: number;
  readonly #refused = new WeakSet<Socket>();

  constructor(limits: Partial<PortLimits> = {}) {
    const asked = { ...defaultLimits, ...limits };
    this.#connectionsAsked = asked.connectionsMax;
    this.limits = { ...asked, connectionsMax: connectionsWithin(asked.connectionsMax) };
    this.connections = new Connections(this.limits);
    this.bodies = new BodyBudget(this.limits.bodyBytesMax);
  }

  /**
   * Makes the server. It answers by itself what is not HTTP, comes too slowly or is one too many; `answer` gets every
   * request, those with `Expect: 100-continue` too: their body comes when {@link continueBody} was called.
   */
  createServer(answer: RequestListener): Server {
    const server = createServer(
      {
        connectionsCheckingInterval: HEADERS_CHECK_MS,
        headersTimeout: this.limits.headersMs,
        // A header that is sent twice is read as both values, and so refused; Node would take the first one.
        joinDuplicateHeaders: true,
        keepAliveTimeout: this.limits.keepAliveMs,
        // The time of a whole body is limited where it is read: line streams may be long, but must keep moving.
        requestTimeout: 0,
      },
      answer,
    );
    server.maxRequestsPerSocket = 0;
    this.#admitConnections(server);
    server
      .on('checkContinue', (request, response) => {
        holdBodyBack(response);
        answer(request, response);
      })
      .on('checkExpectation', (request, response) => {
        refuseRequest(request, response, 417);
      })
      .on('clientError', (error: NodeJS.ErrnoException, socket) => {
        this.#refuse(error, socket as Socket);
      });
    this.#watch(server);
    return server;
  }

  /** Not ready while new connections are refused because every connection is in use. */
  check(): PortCheck {
    const { connections, limits } = this;
    return {
      name: 'connections',
      probe: () =>
        connections.isFull()
          ? Promise.reject(new Error(`all ${limits.connectionsMax} connections are in use; new ones are refused`))
          : Promise.resolve(),
      detail: () => ({ open: connections.size, max: limits.connectionsMax }),
    };
  }

  /** Puts the admission before Node's own listener: a refused connection costs no parser. */
  #admitConnections(server: Server): void {
    const serve = server.listeners('connection') as ((this: Server, socket: Socket) => void)[];
    server.removeAllListeners('connection').on('connection', (socket: Socket) => {
      const reason = this.connections.admit(socket);
      if (reason === undefined) for (const listener of serve) listener.call(server, socket);
      else {
        count(reason);
        refuseSocket(socket, 503, { linger: true });
      }
    });
  }

  #refuse(error: NodeJS.ErrnoException, socket: Socket): void {
    // While a refused client is still sending, Node reports each of its packets again.
    if (this.#refused.has(socket)) return;
    this.#refused.add(socket);
    if (error.code === 'ECONNRESET' || !socket.writable || isAnswering(socket)) {
      socket.destroy();
      return;
    }
    const isLate = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
    if (isLate && socket.bytesRead === 0) {
      count('silent');
      socket.destroy();
      return;
    }
    count(isLate ? 'slow_headers' : 'malformed');
    refuseSocket(socket, statusOf(error.code), { linger: !isLate });
  }

  #watch(server: Server): void {
    const { bodies } = this;
    let unwatch: (() => void) | undefined;
    server
      .on('listening', () => {
        this.connections.start(server);
        const { connectionsMax } = this.limits;
        if (connectionsMax < this.#connectionsAsked) {
          const fields = { configured: this.#connectionsAsked, connections_max: connectionsMax };
          log.warn(fields, 'too few open files for the configured connections: raise ulimit -n');
        }
        unwatch ??= metrics.httpBodyBytes.watch(() => [
          { labels: ['held'], value: bodies.held },
          { labels: ['max'], value: bodies.bytesMax },
        ]);
      })
      .on('close', () => {
        this.connections.stop();
        unwatch?.();
        unwatch = undefined;
      });
  }
}

function count(reason: CloseReason): void {
  metrics.httpConnectionsClosed.cell(reason).count += 1;
}

function statusOf(code: string | undefined): number {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 408;
  return code === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
}
