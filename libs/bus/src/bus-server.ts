import { Failure, type Call } from '@mystocks/contracts';
import { authorize, type Caller } from '@mystocks/identity';
import { traceIdOf, withContext, type AccessLog, type RequestContext } from '@mystocks/telemetry';
import { InvalidInput } from '@mystocks/validation';
import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import type { Msg } from '@nats-io/transport-node';
import { atMost } from '@mystocks/kernel';
import { internalsOf, type Bus } from './bus.js';
import { FailureLog } from './calls/failure-log.js';
import { Thrown } from './calls/handles.js';
import { EndpointStats, ServiceInfo } from './calls/service-info.js';
import { codecOf, invalidRequest, type Codec, type Encoded } from './wire/codec.js';
import type { BusConnection, BusSubscription } from './wire/connection.js';
import { encodeFailure } from './wire/failure-wire.js';
import { contextOf, readHead, writeHead, type Head } from './wire/headers.js';
import { subjectAt } from './wire/subject.js';

export interface BusServerOptions {
  /** Returns the caller of an access token, or throws a Failure. Not used for calls that `anyone` may make. */
  readonly authenticate: (token: string | undefined) => Promise<Caller>;
  /** Receives one line for each call, with its request id, so that a request can be traced across services. */
  readonly accessLog?: Pick<AccessLog, 'writeCall'>;
  /** The number of requests handled at the same time; more are refused with `unavailable`. */
  readonly maxInFlight?: number;
}

interface Endpoint {
  readonly call: Call;
  readonly request: Codec<object>;
  readonly response: Codec<object>;
  readonly handle: (request: object, caller: Caller | undefined) => unknown;
  readonly stats: EndpointStats;
}

const MAX_IN_FLIGHT = 1_000;
/** How long {@link BusServer.close} waits for requests under way. */
const CLOSE_WITHIN_MS = 20_000;
/** The version in `$SRV.INFO`; the whole repository has one version. */
const VERSION = '0.1.0';

/**
 * Serves the methods marked with `@Handles`. Nest finds them and builds their pipelines. Messages go from the connection
 * directly to the function of the pipeline, without Nest's packets and streams.
 */
export class BusServer extends Server implements CustomTransportStrategy {
  readonly #connection: BusConnection;
  readonly #publisher: string;
  readonly #endpoints: Endpoint[] = [];
  readonly #options: BusServerOptions;
  readonly #maxInFlight: number;
  readonly #failureLog: FailureLog;
  #subscriptions: BusSubscription[] = [];
  #info: ServiceInfo | undefined;
  #inFlight = 0;
  #whenIdle: (() => void) | undefined;

  constructor(bus: Bus, options: BusServerOptions) {
    super();
    const { connection, publisher } = internalsOf(bus);
    this.#connection = connection;
    this.#publisher = publisher;
    this.#failureLog = new FailureLog(this.#connection.log);
    this.#options = options;
    this.#maxInFlight = options.maxInFlight ?? MAX_IN_FLIGHT;
  }

  /** Called by Nest for every handler that it finds. A handler without `@Handles` has no contract and is an error. */
  override addHandler(...[pattern, callback, , extras]: Parameters<Server['addHandler']>): void {
    const call = extras?.['call'] as Call | undefined;
    if (call === undefined) throw new Error(`${String(pattern)}: a bus handler is declared with @Handles(call)`);
    if (this.#endpoints.some((one) => one.call.subject === call.subject))
      throw new Error(`${call.subject} has two handlers`);
    this.#endpoints.push({
      call,
      request: codecOf(call.request),
      response: codecOf(call.response),
      handle: callback as Endpoint['handle'],
      stats: new EndpointStats(call.subject, this.#connection.service),
    });
  }

  /** Returns at once: the connection makes the subscriptions when it is established. */
  override listen(callback: () => void): void {
    const queue = this.#connection.service;
    const bySubject = new Map<string, Endpoint>();
    for (const endpoint of this.#endpoints) {
      const { subject } = endpoint.call;
      bySubject.set(subjectAt(this.#publisher, subject), endpoint);
      const receive = (message: Msg): void => {
        this.#receive(endpoint, message, subject);
      };
      this.#subscriptions.push(this.#connection.subscribe({ subject, queue, receive }));
    }
    // Hedged calls: while another instance is missing, callers address this one, so that NATS does not choose that one.
    const receive = (message: Msg): void => {
      const { subject } = message;
      const endpoint = bySubject.get(subject);
      if (endpoint !== undefined) this.#receive(endpoint, message, subject);
    };
    this.#subscriptions.push(this.#connection.subscribe({ subject: subjectAt(this.#publisher, '>'), receive }));
    this.#info = new ServiceInfo(
      this.#connection,
      this.#endpoints.map(({ stats }) => stats),
      VERSION,
    );
    callback();
  }

  /** Accepts no new requests and answers those under way. The connection is closed by `Bus.drain`. */
  override async close(): Promise<void> {
    const subscriptions = this.#subscriptions;
    this.#subscriptions = [];
    await Promise.all([...subscriptions.map((one) => one.drain()), this.#info?.stop()]);
    if (this.#inFlight === 0) return;
    const idle = new Promise<void>((resolve) => {
      this.#whenIdle = resolve;
    });
    await atMost(CLOSE_WITHIN_MS, idle);
  }

  override on(): never {
    throw new Error('use Bus.onConnectionChange');
  }

  override unwrap(): never {
    throw new Error('the NATS connection stays inside libs/bus');
  }

  #receive(endpoint: Endpoint, message: Msg, subject: string): void {
    // A message without a reply subject is not a call: no caller waits for an answer.
    if (message.reply === undefined || message.reply === '') return;
    if (this.#inFlight >= this.#maxInFlight) {
      this.#refuse(
        endpoint,
        message,
        new Failure('unavailable', 'The service is at its limit', { problem: 'OVERLOADED', retryAfterS: 1 }),
      );
      return;
    }
    this.#inFlight += 1;
    const { subject: route, timeoutMs } = endpoint.call;
    const head = readHead(message, message.data, subject);
    const context = { ...contextOf(head, Date.now() + timeoutMs), route };
    withContext(context, () => this.#serve(endpoint, message, head, context)).catch((error: unknown) => {
      this.#connection.log.warn({ err: error, subject: route }, 'an answer could not be sent');
    });
  }

  /** Answers every request; rejects only when the answer cannot be sent because the connection is closed. */
  async #serve(endpoint: Endpoint, message: Msg, head: Head, context: RequestContext): Promise<void> {
    const startedAt = performance.now();
    const { call } = endpoint;
    let caller: Caller | undefined;
    let outcome = 'ok';
    try {
      if ((context.deadlineMs ?? 0) <= Date.now())
        throw new Failure('timeout', 'The deadline passed before the work began');
      caller = call.allow === 'anyone' ? undefined : await this.#callerOf(call, context.token);
      const request = endpoint.request.decode(message.data, head.fields.get('x-meta'), 'refuse');
      const result = await endpoint.handle(request, caller);
      if (result instanceof Thrown) throw result.error;
      this.#respond(message, endpoint.response.encode(result as object));
    } catch (error) {
      const failure = this.#failureOf(endpoint, error);
      outcome = failure.code;
      this.#refuse(endpoint, message, failure);
    } finally {
      const durationMs = performance.now() - startedAt;
      endpoint.stats.took(durationMs);
      const { requestId, traceparent } = context;
      const traceId = traceIdOf(traceparent);
      this.#options.accessLog?.writeCall({
        subject: call.subject,
        outcome,
        durationMs,
        requestId,
        traceId,
        userId: caller?.id,
      });
      this.#inFlight -= 1;
      if (this.#inFlight === 0) this.#whenIdle?.();
    }
  }

  async #callerOf(call: Call, token: string | undefined): Promise<Caller> {
    const caller = await this.#options.authenticate(token);
    authorize(call.allow, caller);
    return caller;
  }

  #respond(message: Msg, { payload, meta }: Encoded): void {
    const head = meta === undefined ? undefined : writeHead([['x-meta', meta]]);
    const size = payload.length + (head?.length ?? 0);
    const max = this.#connection.maxPayload;
    if (size > max) throw new Failure('internal', `RESULT_TOO_LARGE: ${size} bytes, the bus carries ${max}`);
    this.#connection.publish(message.reply ?? '', payload, undefined, head);
  }

  #refuse(endpoint: Endpoint, message: Msg, failure: Failure): void {
    endpoint.stats.failed(failure.code);
    const { head, payload } = encodeFailure(failure);
    this.#connection.publish(message.reply ?? '', payload, undefined, head);
  }

  /** The failure to answer with. An error that is not a Failure is logged here, once; its text is not sent. */
  #failureOf(endpoint: Endpoint, error: unknown): Failure {
    const { subject } = endpoint.call;
    if (error instanceof InvalidInput) return invalidRequest(error);
    if (error instanceof Failure && error.cause === undefined) return error;
    if (error instanceof Failure && error.code !== 'internal') {
      this.#failureLog.write(error, subject);
      return error;
    }
    this.#connection.log.error({ err: error, subject }, 'a call failed for an unknown reason');
    return error instanceof Failure ? error : new Failure('internal', 'Internal error');
  }
}
