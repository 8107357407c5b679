import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { continueBody, PublicPort, securityHeaders, type PortLimits } from '@mystocks/edge';
import type { TokenVerifier } from '@mystocks/identity';
import { systemClock } from '@mystocks/kernel';
import { traceIdOf, withContext, type AccessLog } from '@mystocks/telemetry';
import { Failure } from '@mystocks/contracts';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { checkBeforeBody } from '../http/before-body.js';
import { countBody, limitBodyTime } from './body-limits.js';
import { factsOf, readBudget } from '../http/facts.js';
import { NO_STORE } from '../http/headers.js';
import type { HotPath } from './hot-path.js';
import { meterOf } from '../http/meter.js';
import { PasswordAdmission } from '../auth/password-admission.js';
import { addDeprecationHook } from '../v1/deprecation.hook.js';
import { OneATurn } from './one-a-turn.js';
import { addParsers, BODY_BYTES_MAX } from './parsers.js';
import { sendProblem } from './problem.filter.js';
import { keepRouteTable } from './route-table.js';
import { forgetTypeOfNothing, hasBody } from '../http/request-body.js';

export interface EdgeLimits extends Partial<PortLimits> {
  /** How long a body that is read whole may take. */
  readonly bodyMaxMs?: number;
  /** Proxies whose `X-Forwarded-For` is believed; none when absent. */
  readonly trustedProxies?: readonly string[];
}

const BODY_MAX_MS = 30_000;
/** The client went away before its answer was handed over; the number is the one of nginx, and no client ever sees it. */
const CLIENT_CLOSED_REQUEST = 499;

/**
 * The outer door: one HTTP server, the hot path before everything, and the hooks that every other request passes.
 * They are registered before Nest adds its own.
 */
export class Edge {
  readonly server: FastifyInstance;
  readonly port: PublicPort;
  #hot: HotPath | undefined;
  #verifier: TokenVerifier | undefined;
  readonly #writes = new OneATurn();
  readonly #passwords = new PasswordAdmission();
  #closing = false;
  #draining = false;

  constructor(
    private readonly accessLog: AccessLog,
    private readonly limits: EdgeLimits = {},
  ) {
    this.port = new PublicPort(limits);
    this.server = fastify({
      serverFactory: (handler) => this.#listenWith(handler),
      bodyLimit: BODY_BYTES_MAX,
      // Decides what `request.ip` is (auth/password-admission.ts).
      trustProxy: [...(limits.trustedProxies ?? [])],
      // A request that came before the last keep-alive connection was closed is still served.
      return503OnClosing: false,
      // The longest is a request by which an answer is kept (operations/entry-names.ts).
      routerOptions: { maxParamLength: 4_000 },
      frameworkErrors: (error, request, reply) => {
        this.#open(request, reply);
        sendProblem(error, request, reply);
      },
      // The port answers these itself; without this Fastify would answer them a second time.
      clientErrorHandler: () => undefined,
    });
    this.#addHooks();
    addDeprecationHook(this.server);
    addParsers(this.server);
    keepRouteTable(this.server);
  }

  adapter(): FastifyAdapter {
    return new FastifyAdapter(this.server);
  }

  /** What Nest made: from now on answers that are at hand leave by the hot path, and tokens can be checked. */
  open(hot: HotPath, verifier: TokenVerifier): void {
    this.#hot = hot;
    this.#verifier = verifier;
  }

  /**
   * The service is about to stop: every answer from now on asks its client to open its next connection elsewhere, so
   * that no request is on its way when this instance closes.
   */
  drain(): void {
    this.#draining = true;
  }

  #listenWith(handler: (request: IncomingMessage, response: ServerResponse) => void): Server {
    return this.port.createServer((request, response) => {
      if (this.#draining) response.shouldKeepAlive = false;
      if (this.#hot !== undefined && !this.#closing && this.#hot.answer(request, response)) return;
      if (request.method === 'GET' || request.method === 'HEAD') handler(request, response);
      else {
        const startedMs = performance.now();
        this.#writes.run(() => {
          // The wait for a turn counts into the time of the request.
          factsOf({ raw: request }, startedMs);
          if (!response.destroyed) handler(request, response);
          else this.#record(request, undefined, CLIENT_CLOSED_REQUEST);
        });
      }
    });
  }

  #addHooks(): void {
    this.server.addHook('preClose', (done) => {
      this.#closing = true;
      done();
    });
    this.server.addHook('onClose', (_server, done) => {
      this.accessLog.close();
      done();
    });
    this.server.addHook('onRequest', (request, reply, done) => {
      const facts = this.#open(request, reply);
      try {
        readBudget(facts, request.headers, systemClock.now());
        forgetTypeOfNothing(request);
        if (hasBody(request.raw.headers)) this.#passwords.admit(request, reply);
      } catch (error) {
        done(error as Error);
        return;
      }
      if (hasBody(request.raw.headers))
        this.#admitBody(request, reply).then(() => {
          done();
        }, done);
      else done();
    });
    this.server.addHook('preParsing', (request, reply, _payload, done) => {
      try {
        if (hasBody(request.raw.headers)) countBody(request, reply, this.port.bodies);
      } catch (error) {
        done(error as Error);
        return;
      }
      done();
    });
    // After the body was read: the events of a body run outside of any context.
    this.server.addHook('preHandler', (request, _reply, done) => {
      withContext(factsOf(request).context, done);
    });
  }

  async #admitBody(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (this.#verifier === undefined) throw new Failure('unavailable', 'The service is starting');
    limitBodyTime(request, reply, this.limits.bodyMaxMs ?? BODY_MAX_MS);
    await checkBeforeBody(request, this.#verifier);
    continueBody(reply.raw);
  }

  #open(request: FastifyRequest, reply: FastifyReply): ReturnType<typeof factsOf> {
    const facts = factsOf(request);
    // Fastify's onResponse hook does not run for a request whose client went away; this event comes for every one.
    reply.raw.once('close', () => {
      const route = request.is404 ? undefined : request.routeOptions.url;
      this.#record(request.raw, route, reply.raw.writableFinished ? reply.statusCode : CLIENT_CLOSED_REQUEST);
    });
    void reply.headers({
      ...securityHeaders,
      'cache-control': NO_STORE,
      'x-request-id': facts.context.requestId,
      traceparent: facts.context.traceparent,
    });
    return facts;
  }

  #record(request: IncomingMessage, route: string | undefined, status: number): void {
    const facts = factsOf({ raw: request });
    const { method = '', url = '' } = request;
    const durationMs = performance.now() - facts.startedMs;
    meterOf(method, route).record(status, durationMs);
    this.accessLog.write({
      method,
      path: (url.split('?', 1)[0] ?? '').slice(0, 512),
      status,
      durationMs,
      requestId: facts.context.requestId,
      traceId: traceIdOf(facts.context.traceparent),
      userId: facts.caller?.id,
      cache: facts.cache,
    });
  }
}
