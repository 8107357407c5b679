import { Failure, type Call } from '@mystocks/contracts';
import { remainingMs } from '@mystocks/kernel';
import { currentContext, metrics } from '@mystocks/telemetry';
import { nuid, type Msg } from '@nats-io/transport-node';
import type { PartialOutage } from '../liveness/instances.js';
import type { BusConnection } from '../wire/connection.js';
import { callHead } from '../wire/headers.js';
import { subjectAt } from '../wire/subject.js';
import { Hedging } from './hedging.js';
import { PendingCalls, type PendingCall } from './pending-calls.js';
import { isInstanceTrouble, isOverloaded, readReply } from './reply.js';
import { Routes, type Route } from './routes.js';

const PENDING_MAX = 10_000;
const SWEEP_MS = 50;
const RETRY_MIN_MS = 5;
const RETRY_JITTER_MS = 20;
/** Ends the reply subject of a hedge. */
const HEDGE = '~';

/**
 * Makes calls, with one subscription for all replies and one timer for all deadlines. (The stock client creates a
 * subscription, a timer and an Error for each call.)
 */
export class CallClient {
  readonly #inbox: string;
  readonly #pending = new PendingCalls();
  readonly #routes = new Routes();
  readonly #sweep: NodeJS.Timeout;
  readonly #hedging: Hedging;
  #count = 0;
  #isClosed = false;

  constructor(
    private readonly connection: BusConnection,
    partialOutageOf: (service: string) => PartialOutage | undefined,
  ) {
    this.#hedging = new Hedging(partialOutageOf);
    this.#inbox = `_INBOX.${connection.service}.${nuid.next()}.`;
    connection.subscribe({
      subject: `${this.#inbox}*`,
      receive: (message) => {
        this.#receive(message);
      },
    });
    connection.onConnectionChange((connected) => {
      // NATS has dropped the subscription to the inbox together with the connection, so no reply can arrive any more.
      if (!connected) this.#pending.rejectAll(() => new Failure('unavailable', 'The connection to the bus was lost'));
    });
    this.#sweep = setInterval(() => {
      // After the sockets were read: if this process was held up, answers that arrived in time are waiting there.
      if (this.#pending.size > 0)
        setImmediate(() => {
          this.#expireOrHedge();
        });
    }, SWEEP_MS).unref();
  }

  call<Req extends object, Res extends object>(
    call: Call<Req, Res>,
    request: Req,
    timeoutMs = call.timeoutMs,
  ): Promise<Res> {
    const route = this.#routes.of(call);
    const context = currentContext();
    const nowMs = Date.now();
    const deadlineMs = nowMs + remainingMs(timeoutMs, context?.deadlineMs, nowMs);
    route.budget.earn();
    if (route.effect === 'read') this.#hedging.earn(route.owner);
    return new Promise((resolve, reject) => {
      const { payload, meta } = route.request.encode(request);
      this.#start({
        id: (this.#count++).toString(36),
        route,
        payload,
        head: callHead(context, deadlineMs, meta),
        deadlineMs,
        startedAt: performance.now(),
        resolve: resolve as (value: object) => void,
        reject,
        mayRetry: route.effect !== 'once',
        attempts: 0,
        open: 0,
      });
    });
  }

  /** Resolves when no call is under way. */
  idle(): Promise<void> {
    return this.#pending.idle();
  }

  close(): void {
    clearInterval(this.#sweep);
    this.#isClosed = true;
    this.#pending.rejectAll(() => new Failure('unavailable', 'The bus is closed'));
  }

  #start(call: PendingCall): void {
    const refused = this.#refusalOf(call);
    if (refused !== undefined) {
      this.#pending.reject(call, refused);
      return;
    }
    this.#pending.add(call);
    this.#publish(call, call.route.subject, call.id);
  }

  /** Why the call cannot be published; undefined when it can. */
  #refusalOf({ route, payload, head, deadlineMs }: PendingCall): Failure | undefined {
    if (deadlineMs <= Date.now()) return timedOut(route);
    if (!this.connection.connected || this.#isClosed)
      return new Failure('unavailable', 'The bus is not connected', { retryAfterS: 1 });
    if (this.#pending.size >= PENDING_MAX)
      return new Failure('unavailable', 'Too many calls are under way', { retryAfterS: 1 });
    if (payload.length + head.length <= this.connection.maxPayload) return undefined;
    return new Failure('too_large', `The request is larger than the bus carries (${payload.length} bytes)`);
  }

  #publish(call: PendingCall, subject: string, replyToken: string): void {
    call.attempts += 1;
    call.open += 1;
    this.connection.publish(subject, call.payload, this.#inbox + replyToken, call.head);
  }

  #receive(message: Msg): void {
    const { subject } = message;
    const replyToken = subject.slice(this.#inbox.length);
    const isHedge = replyToken.endsWith(HEDGE);
    const call = this.#pending.get(isHedge ? replyToken.slice(0, -HEDGE.length) : replyToken);
    // The call has ended: this is the second answer to a hedged call, or one after the deadline.
    if (call === undefined) return;
    const reply = readReply(call.route, message, subject, this.connection.log);
    if (!('failure' in reply)) this.#pending.resolve(call, reply.value);
    else if (reply.isFinal) this.#pending.reject(call, reply.failure);
    else this.#attemptFailed(call, reply.failure, isHedge);
  }

  #attemptFailed(call: PendingCall, failure: Failure, isHedge: boolean): void {
    call.open -= 1;
    if (isHedge && isOverloaded(failure)) call.attempts = Infinity;
    // One instance cannot serve the call, but another attempt of it may still be answered.
    if (isInstanceTrouble(failure, isHedge) && call.open > 0) return;
    this.#retryOrReject(call, failure);
  }

  /** Retries a call that no instance accepted; otherwise rejects it. */
  #retryOrReject(call: PendingCall, failure: Failure): void {
    const { id, route } = call;
    const isAway = failure.code === 'unavailable' && !isOverloaded(failure);
    const mayRetry = isAway && call.mayRetry && this.connection.connected && !this.#isClosed;
    if (!mayRetry || !route.budget.take()) {
      this.#pending.reject(call, failure);
      return;
    }
    call.mayRetry = false;
    setTimeout(
      () => {
        if (this.#pending.get(id) !== undefined) this.#publish(call, route.subject, id);
      },
      RETRY_MIN_MS + Math.random() * RETRY_JITTER_MS,
    );
  }

  #expireOrHedge(): void {
    const nowMs = Date.now();
    for (const call of this.#pending) {
      if (call.deadlineMs > nowMs) this.#hedge(call);
      else this.#pending.reject(call, timedOut(call.route));
    }
  }

  /** Sends a waiting read to a healthy instance as well, while an instance of its service is missing. */
  #hedge(call: PendingCall): void {
    const { id, route, startedAt, attempts } = call;
    if (route.effect !== 'read') return;
    const instance = this.#hedging.take(route.owner, attempts, performance.now() - startedAt);
    if (instance === undefined) return;
    metrics.busRepeats.cell(route.subject).count += 1;
    this.#publish(call, subjectAt(instance, route.subject), id + HEDGE);
  }
}

const timedOut = (route: Route): Failure => new Failure('timeout', `${route.owner} did not answer in time`);
