import { Failure, type Call } from '@mystocks/contracts';
import { remainingMs } from '@mystocks/kernel';
import { currentContext, metrics, type Logger } from '@mystocks/telemetry';
import { InvalidInput } from '@mystocks/validation';
import { nuid, type Msg } from '@nats-io/transport-node';
import type { BusConnection } from './connection.js';
import { decodeFailure, ERROR_CODE } from './failure-wire.js';
import { callHead, readHead, type Head } from './headers.js';
import type { Absence } from './publishers.js';
import { Repeats } from './repeats.js';
import { outcomeOf, Routes, type Route } from './routes.js';
import { subjectAt } from './subject.js';

const PENDING_MAX = 10_000;
const SWEEP_MS = 50;
const RETRY_MIN_MS = 5;
const RETRY_JITTER_MS = 20;
const NO_RESPONDERS = 503;
/** At the end of the reply subject of a call that was published once more. */
const REPEAT = '~';

/** One call under way. */
interface Waiting {
  readonly route: Route;
  readonly payload: Buffer;
  readonly head: Buffer;
  readonly deadlineMs: number;
  readonly startedAt: number;
  readonly resolve: (value: object) => void;
  readonly reject: (failure: Failure) => void;
  mayRetry: boolean;
  /** How often it was published. */
  attempts: number;
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
  readonly #repeats: Repeats;
  #count = 0;
  #whenIdle: (() => void) | undefined;

  constructor(
    private readonly connection: BusConnection,
    absenceOf: (service: string) => Absence | undefined,
  ) {
    this.#log = connection.log;
    this.#repeats = new Repeats(absenceOf);
    this.#inbox = `_INBOX.${connection.service}.${nuid.next()}.`;
    connection.hold({
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
    this.#repeats.earn(route.owner);
    return new Promise((resolve, reject) => {
      const { payload, meta } = route.request.encode(request);
      this.#send({
        route,
        payload,
        head: callHead(context, deadlineMs, meta),
        deadlineMs,
        startedAt: performance.now(),
        resolve: resolve as (value: object) => void,
        reject,
        mayRetry: route.effect !== 'once',
        attempts: 1,
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
    this.#failAll(() => new Failure('unavailable', 'The bus is closed'));
  }

  #send(waiting: Waiting): void {
    const { route, payload, head } = waiting;
    if (waiting.deadlineMs <= Date.now()) {
      this.#fail(waiting, late(route));
    } else if (!this.connection.connected) {
      this.#fail(waiting, new Failure('unavailable', 'The bus is not connected', { retryAfterS: 1 }));
    } else if (this.#waiting.size >= PENDING_MAX) {
      this.#fail(waiting, new Failure('unavailable', 'Too many calls are under way', { retryAfterS: 1 }));
    } else if (payload.length + head.length > this.connection.maxPayload) {
      this.#fail(
        waiting,
        new Failure('too_large', `The request is larger than the bus carries (${payload.length} bytes)`),
      );
    } else {
      const token = (this.#count++).toString(36);
      this.#waiting.set(token, waiting);
      this.connection.publish(route.subject, payload, this.#inbox + token, head);
    }
  }

  #receive(message: Msg): void {
    const { subject, data } = message;
    const name = subject.slice(this.#inbox.length);
    const isRepeat = name.endsWith(REPEAT);
    const token = isRepeat ? name.slice(0, -REPEAT.length) : name;
    const waiting = this.#waiting.get(token);
    if (waiting === undefined) return;
    const { route } = waiting;
    const head = readHead(message, data, subject);
    const failure = failureIn(route, head, data);
    // Who was asked besides cannot serve it: who was asked first still may.
    if (isRepeat && failure?.code === 'unavailable') return;
    this.#waiting.delete(token);
    if (failure === undefined) this.#succeed(waiting, head, data);
    else this.#fail(waiting, failure);
    this.#tellIdle();
  }

  #succeed(waiting: Waiting, head: Head, payload: Uint8Array): void {
    const { route } = waiting;
    try {
      const value = route.response.decode(payload, head.fields.get('x-meta'), 'drop');
      route.succeeded.observe((performance.now() - waiting.startedAt) / 1_000);
      waiting.resolve(value);
    } catch (error) {
      const cause = error instanceof InvalidInput ? error.message : error;
      this.#log.error({ subject: route.subject, cause }, 'an answer does not have its shape');
      this.#fail(waiting, new Failure('internal', 'Internal error', { cause: error }));
    }
  }

  #fail(waiting: Waiting, failure: Failure): void {
    const { route } = waiting;
    const isAway = failure.code === 'unavailable' && !isFull(failure);
    if (isAway && waiting.mayRetry && this.connection.connected && route.budget.take()) {
      waiting.mayRetry = false;
      setTimeout(
        () => {
          this.#send(waiting);
        },
        RETRY_MIN_MS + Math.random() * RETRY_JITTER_MS,
      );
      return;
    }
    outcomeOf(route, failure.code).observe((performance.now() - waiting.startedAt) / 1_000);
    waiting.reject(failure);
  }

  #expire(): void {
    const nowMs = Date.now();
    for (const [token, waiting] of this.#waiting) {
      if (waiting.deadlineMs > nowMs) {
        this.#repeat(token, waiting);
        continue;
      }
      this.#waiting.delete(token);
      this.#fail(waiting, late(waiting.route));
    }
    this.#tellIdle();
  }

  /** What waits is asked of another instance, too, if one of them is missing. */
  #repeat(token: string, waiting: Waiting): void {
    const { route, payload, head, startedAt, attempts } = waiting;
    if (route.effect !== 'read') return;
    const instance = this.#repeats.take(route.owner, attempts, performance.now() - startedAt);
    const subject = instance === undefined ? undefined : subjectAt(instance, route.subject);
    if (subject === undefined) return;
    waiting.attempts += 1;
    metrics.busRepeats.cell(route.subject).count += 1;
    this.connection.publish(subject, payload, this.#inbox + token + REPEAT, head);
  }

  #failAll(make: () => Failure): void {
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const waiting of all) this.#fail(waiting, make());
    this.#tellIdle();
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
  if (head.status !== NO_RESPONDERS || payload.length > 0) return undefined;
  return new Failure('unavailable', `${route.owner} is not there`, { retryAfterS: 1 });
}
