import { Failure, type Call, type FailureCode } from '@mystocks/contracts';
import { remainingMs } from '@mystocks/kernel';
import { currentContext, metrics, type Logger } from '@mystocks/telemetry';
import { InvalidInput } from '@mystocks/validation';
import { nuid, type Msg } from '@nats-io/transport-node';
import type { BusConnection } from '../wire/connection.js';
import { decodeFailure, ERROR_CODE } from '../wire/failure-wire.js';
import { callHead, isNoResponders, readHead, type Head } from '../wire/headers.js';
import type { PartialOutage } from '../liveness/instances.js';
import { Hedging } from './hedging.js';
import { outcomeOf, Routes, type Route } from './routes.js';
import { subjectAt } from '../wire/subject.js';

const PENDING_MAX = 10_000;
const SWEEP_MS = 50;
const RETRY_MIN_MS = 5;
const RETRY_JITTER_MS = 20;
/** At the end of the reply subject of a call that was published once more. */
const REPEAT = '~';
/** What an instance that was asked besides may say without ending the call. */
const TROUBLES: ReadonlySet<FailureCode> = new Set(['timeout', 'internal']);

/** One call under way. */
interface Waiting {
  readonly token: string;
  readonly route: Route;
  readonly payload: Buffer;
  readonly head: Buffer;
  readonly deadlineMs: number;
  readonly startedAt: number;
  readonly resolve: (value: object) => void;
  readonly reject: (failure: Failure) => void;
  mayRetry: boolean;
  /** How often it was published, or `Infinity` when it shall not be any more. */
  attempts: number;
  /** Who was asked and has not said anything yet. */
  open: number;
}

/**
 * The calling side: one inbox for all replies, one table of the calls under way and one timer for all deadlines.
 * (The stock client makes a subscription, a timer and an Error a call.)
 */
export class CallTable {
  readonly #inbox: string;
  readonly #waiting = new Map<string, Waiting>();
  readonly #routes = new Routes();
  readonly #sweep: NodeJS.Timeout;
  readonly #log: Logger;
  readonly #hedging: Hedging;
  #count = 0;
  #isClosed = false;
  #whenIdle: (() => void) | undefined;

  constructor(
    private readonly connection: BusConnection,
    partialOutageOf: (service: string) => PartialOutage | undefined,
  ) {
    this.#log = connection.log;
    this.#hedging = new Hedging(partialOutageOf);
    this.#inbox = `_INBOX.${connection.service}.${nuid.next()}.`;
    connection.subscribe({
      subject: `${this.#inbox}*`,
      receive: (message) => {
        this.#receive(message);
      },
    });
    connection.onConnectionChange((connected) => {
      // Replies go to a subscription that is gone with the connection: nobody can answer these any more.
      if (!connected) this.#failAll(() => new Failure('unavailable', 'The connection to the bus was lost'));
    });
    this.#sweep = setInterval(() => {
      // After a look at the socket: if this process was held up, answers lie there that came in time.
      if (this.#waiting.size > 0)
        setImmediate(() => {
          this.#expire();
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
      this.#begin({
        token: (this.#count++).toString(36),
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
  async idle(): Promise<void> {
    if (this.#waiting.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#whenIdle = resolve;
    });
  }

  close(): void {
    clearInterval(this.#sweep);
    this.#isClosed = true;
    this.#failAll(() => new Failure('unavailable', 'The bus is closed'));
  }

  #begin(waiting: Waiting): void {
    const { token, route, payload, head, deadlineMs } = waiting;
    const size = payload.length + head.length;
    if (deadlineMs <= Date.now()) {
      this.#end(waiting, late(route));
    } else if (!this.connection.connected || this.#isClosed) {
      this.#end(waiting, new Failure('unavailable', 'The bus is not connected', { retryAfterS: 1 }));
    } else if (this.#waiting.size >= PENDING_MAX) {
      this.#end(waiting, new Failure('unavailable', 'Too many calls are under way', { retryAfterS: 1 }));
    } else if (size > this.connection.maxPayload) {
      const detail = `The request is larger than the bus carries (${payload.length} bytes)`;
      this.#end(waiting, new Failure('too_large', detail));
    } else {
      this.#waiting.set(token, waiting);
      this.#publish(waiting, route.subject, token);
    }
  }

  #publish(waiting: Waiting, subject: string, replyToken: string): void {
    waiting.attempts += 1;
    waiting.open += 1;
    this.connection.publish(subject, waiting.payload, this.#inbox + replyToken, waiting.head);
  }

  #receive(message: Msg): void {
    const { subject, data } = message;
    const replyToken = subject.slice(this.#inbox.length);
    const isRepeat = replyToken.endsWith(REPEAT);
    const waiting = this.#waiting.get(isRepeat ? replyToken.slice(0, -REPEAT.length) : replyToken);
    if (waiting === undefined) return;
    const head = readHead(message, data, subject);
    const failure = failureIn(waiting.route, head, data);
    if (failure === undefined) this.#succeed(waiting, head, data);
    else this.#refused(waiting, failure, isRepeat);
  }

  #refused(waiting: Waiting, failure: Failure, isRepeat: boolean): void {
    waiting.open -= 1;
    if (isRepeat && isFull(failure)) waiting.attempts = Infinity;
    // That one instance cannot serve it: another that was asked still may.
    const isItsOwn = failure.code === 'unavailable' || (isRepeat && TROUBLES.has(failure.code));
    if (isItsOwn && waiting.open > 0) return;
    this.#fail(waiting, failure);
  }

  #succeed(waiting: Waiting, head: Head, payload: Uint8Array): void {
    const { route } = waiting;
    try {
      const value = route.response.decode(payload, head.fields.get('x-meta'), 'drop');
      this.#waiting.delete(waiting.token);
      route.succeeded.observe((performance.now() - waiting.startedAt) / 1_000);
      waiting.resolve(value);
      this.#tellIdle();
    } catch (error) {
      const cause = error instanceof InvalidInput ? error.message : error;
      this.#log.error({ subject: route.subject, cause }, 'an answer does not have its shape');
      this.#end(waiting, new Failure('internal', 'Internal error', { cause: error }));
    }
  }

  /** Tries once more what nobody took; ends it else. */
  #fail(waiting: Waiting, failure: Failure): void {
    const { token, route } = waiting;
    const isAway = failure.code === 'unavailable' && !isFull(failure);
    const mayRetry = isAway && waiting.mayRetry && this.connection.connected && !this.#isClosed;
    if (!mayRetry || !route.budget.take()) {
      this.#end(waiting, failure);
      return;
    }
    waiting.mayRetry = false;
    setTimeout(
      () => {
        if (this.#waiting.has(token)) this.#publish(waiting, route.subject, token);
      },
      RETRY_MIN_MS + Math.random() * RETRY_JITTER_MS,
    );
  }

  #end(waiting: Waiting, failure: Failure): void {
    const { token, route, startedAt, reject } = waiting;
    this.#waiting.delete(token);
    outcomeOf(route, failure.code).observe((performance.now() - startedAt) / 1_000);
    reject(failure);
    this.#tellIdle();
  }

  #expire(): void {
    const nowMs = Date.now();
    for (const waiting of this.#waiting.values()) {
      if (waiting.deadlineMs > nowMs) this.#repeat(waiting);
      else this.#end(waiting, late(waiting.route));
    }
  }

  /** What waits is asked of another instance, too, if one of them is missing. */
  #repeat(waiting: Waiting): void {
    const { token, route, startedAt, attempts } = waiting;
    if (route.effect !== 'read') return;
    const instance = this.#hedging.take(route.owner, attempts, performance.now() - startedAt);
    if (instance === undefined) return;
    metrics.busRepeats.cell(route.subject).count += 1;
    this.#publish(waiting, subjectAt(instance, route.subject), token + REPEAT);
  }

  #failAll(make: () => Failure): void {
    for (const waiting of [...this.#waiting.values()]) this.#end(waiting, make());
  }

  #tellIdle(): void {
    if (this.#whenIdle === undefined || this.#waiting.size > 0) return;
    this.#whenIdle();
    this.#whenIdle = undefined;
  }
}

const late = (route: Route): Failure => new Failure('timeout', `${route.owner} did not answer in time`);

/** Somebody is there and has too much to do: asking again at once would be more of it (reliability.md §3). */
const isFull = ({ problem }: Failure): boolean => problem === 'OVERLOADED' || problem === 'POOL_TIMEOUT';

/** What the reply says instead of an answer. */
function failureIn(route: Route, head: Head, payload: Uint8Array): Failure | undefined {
  if (head.fields.has(ERROR_CODE)) return decodeFailure(payload);
  if (!isNoResponders(head, payload)) return undefined;
  return new Failure('unavailable', `${route.owner} is not there`, { retryAfterS: 1 });
}
