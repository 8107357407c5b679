import type { Bus, CallOptions, Subscribed } from '@mystocks/bus';
import { Failure, type Call, type Event } from '@mystocks/contracts';
import { check, InvalidInput } from '@mystocks/validation';

type Answer<Req, Res> = (request: Req, options: CallOptions) => Res | Promise<Res>;
type Handler = Answer<object, object>;

interface Listener {
  readonly pattern: string;
  readonly handler: (payload: object) => void;
}

/** What was published, oldest first. */
export interface Published {
  readonly subject: string;
  readonly payload: object;
}

export interface Called {
  readonly subject: string;
  readonly request: object;
}

/**
 * The bus in memory. Like the real one it refuses requests and responses that do not have the agreed shape, knows only
 * Failures, answers `unavailable` where nobody listens, and hands news on after the publisher went on.
 */
export class FakeBus implements Pick<Bus, keyof Bus> {
  readonly published: Published[] = [];
  readonly called: Called[] = [];
  readonly #handlers = new Map<string, Handler>();
  readonly #listeners = new Set<Listener>();
  readonly #connectionListeners: ((connected: boolean) => void)[] = [];
  #connected = true;

  /** Itself where the real class is asked for: `new QuotesService(fake.bus)`. */
  get bus(): Bus {
    return this as unknown as Bus;
  }

  /** Says how a call is answered from now on. */
  answer<Req extends object, Res extends object>(call: Call<Req, Res>, handler: Answer<Req, NoInfer<Res>>): this {
    this.#handlers.set(call.subject, handler as unknown as Handler);
    return this;
  }

  /** Nobody answers this call any more. */
  silence(call: Pick<Call, 'subject'>): void {
    this.#handlers.delete(call.subject);
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Plays a lost or regained connection. */
  setConnected(connected: boolean): void {
    if (connected === this.#connected) return;
    this.#connected = connected;
    for (const listener of this.#connectionListeners) listener(connected);
  }

  onConnectionChange(listener: (connected: boolean) => void): void {
    this.#connectionListeners.push(listener);
  }

  async call<Req extends object, Res extends object>(
    call: Call<Req, Res>,
    request: NoInfer<Req>,
    options: CallOptions = {},
  ): Promise<Res> {
    this.called.push({ subject: call.subject, request });
    const handler = this.#connected ? this.#handlers.get(call.subject) : undefined;
    if (handler === undefined) throw new Failure('unavailable', `Nobody answers ${call.subject}`);
    const asked = shaped('invalid', () => check(call.request, request));
    const answered = await translated(() => handler(asked, options));
    return shaped('internal', () => check(call.response, answered, { unknown: 'drop' }));
  }

  publish<P extends object>(event: Event<P>, payload: NoInfer<P>): void {
    if (!this.#connected) return;
    const told = check(event.payload, payload);
    const subject = event.key === undefined ? event.subject : `${event.subject}.${event.key(told)}`;
    this.published.push({ subject, payload: told });
    queueMicrotask(() => {
      for (const { pattern, handler } of this.#listeners) if (matches(pattern, subject)) handler(told);
    });
  }

  subscribe<P extends object>(
    event: Event<P>,
    handler: (payload: P) => void,
    options: { key?: string } = {},
  ): Subscribed {
    const pattern = event.key === undefined ? event.subject : `${event.subject}.${options.key ?? '>'}`;
    const listener: Listener = { pattern, handler: handler as (payload: object) => void };
    this.#listeners.add(listener);
    return { stop: () => void this.#listeners.delete(listener) };
  }

  async drain(): Promise<void> {
    this.setConnected(false);
    return Promise.resolve();
  }
}

function shaped<T>(code: 'invalid' | 'internal', read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    throw new Failure(code, code === 'invalid' ? error.message : 'Internal error', {
      ...(code === 'invalid' && { errors: error.violations }),
      cause: error,
    });
  }
}

async function translated<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof Failure ? error : new Failure('internal', 'Internal error', { cause: error });
  }
}

/** NATS subject matching: `*` is one token, `>` at the end is one or more. */
function matches(pattern: string, subject: string): boolean {
  const wanted = pattern.split('.');
  const tokens = subject.split('.');
  for (const [index, token] of wanted.entries()) {
    if (token === '>') return tokens.length > index;
    if (token !== '*' && token !== tokens[index]) return false;
  }
  return tokens.length === wanted.length;
}
