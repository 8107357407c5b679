import { CHECK_MS, Liveness, type Bus, type CallOptions, type Subscribed, type SubscribeOptions } from '@mystocks/bus';
import {
  Failure,
  getPosition,
  publisherCounted,
  type Call,
  type Event,
  type PublisherCounted,
} from '@mystocks/contracts';
import { check, InvalidInput } from '@mystocks/validation';
import { FakeWire } from './fake-wire.js';

type Answer<Req, Res> = (request: Req, options: CallOptions) => Res | Promise<Res>;
type Handler = Answer<object, object>;

/** An event on the wire. */
interface Message {
  readonly payload: object;
  readonly number: ReturnType<Liveness['counter']['next']> | undefined;
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
 * Failures, answers `unavailable` without a handler, delivers events after the publisher went on, and numbers them: what
 * is lost on the way is found out as in earnest. Its time stands still but for {@link tick} and {@link passTime}.
 */
export class FakeBus implements Pick<Bus, keyof Bus> {
  readonly published: Published[] = [];
  readonly called: Called[] = [];
  readonly #handlers = new Map<string, Handler>();
  readonly #connectionListeners: ((connected: boolean) => void)[] = [];
  readonly #liveness: Liveness;
  #connected = true;
  #nowMs = 0;
  #tickedMs = 0;
  #toLose = 0;

  constructor(
    service = 'fake',
    readonly wire = new FakeWire(),
  ) {
    this.#liveness = new Liveness(service);
    this.wire.listen({
      to: this,
      pattern: `${publisherCounted.subject}.*`,
      receive: (heartbeat) => {
        if (this.#connected) this.#liveness.received(heartbeat as PublisherCounted, this.#nowMs);
      },
    });
    this.tick(0);
  }

  /** Itself where the real class is asked for: `new QuotesService(fake.bus)`. */
  get bus(): Bus {
    return this as unknown as Bus;
  }

  /** Says how a call is answered from now on. */
  answer<Req extends object, Res extends object>(call: Call<Req, Res>, handler: Answer<Req, NoInfer<Res>>): this {
    this.#handlers.set(call.subject, handler as unknown as Handler);
    return this;
  }

  /** Removes the handler of this call. */
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
    if (connected) this.#sendHeartbeat();
  }

  /** Another process on the same wire: receives this one's events, and the other way round. Calls are its own. */
  beside(service = 'fake'): FakeBus {
    return new FakeBus(service, this.wire);
  }

  /** The next `count` events from here are lost on the way to all subscribers. */
  lose(count: number): void {
    this.#toLose += count;
  }

  /** It is `nowMs` for this process: what the real bus does every 250 ms happens, a beat every second time. */
  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#tickedMs = nowMs;
    if (this.#liveness.check(nowMs, this.#connected)) this.#sendHeartbeat();
  }

  /** Lets time pass for this process alone; one that is left out is frozen. */
  async passTime(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (; this.#tickedMs + CHECK_MS <= endMs; await Promise.resolve()) this.tick(this.#tickedMs + CHECK_MS);
    this.#nowMs = endMs;
  }

  isSilent(service: string): boolean {
    return this.#liveness.silence.isSilent(service);
  }

  onSilence(service: string, listener: (silent: boolean) => void): void {
    this.#liveness.silence.onSilence(service, listener);
  }

  /** After 1.5 s during which the {@link wire} carried not even its own beat. */
  get isStalled(): boolean {
    return this.#liveness.silence.isStalled;
  }

  onStall(listener: (stalled: boolean) => void): void {
    this.#liveness.silence.onStall(listener);
  }

  onConnectionChange(listener: (connected: boolean) => void): void {
    this.#connectionListeners.push(listener);
  }

  async call<Req extends object, Res extends object>(
    call: Call<Req, Res>,
    request: NoInfer<Req>,
    options: CallOptions = {},
  ): Promise<Res> {
    // Cache tiers ask for it by themselves, whatever a test has them do.
    if (call.subject !== getPosition.subject) this.called.push({ subject: call.subject, request });
    const handler = this.#connected ? this.#handlers.get(call.subject) : undefined;
    if (handler === undefined) throw new Failure('unavailable', `no instance answers ${call.subject}`);
    const asked = shaped('invalid', () => check(call.request, request));
    const answered = await translated(() => handler(asked, options));
    return shaped('internal', () => check(call.response, answered, { unknown: 'drop' }));
  }

  publish<P extends object>(event: Event<P>, payload: NoInfer<P>): void {
    const number = event.numbered === true ? this.#liveness.counter.next(event.subject) : undefined;
    if (!this.#connected) return;
    const told = check(event.payload, payload);
    const subject = event.key === undefined ? event.subject : `${event.subject}.${event.key(told)}`;
    this.published.push({ subject, payload: told });
    if (this.#toLose > 0) this.#toLose -= 1;
    else this.wire.send(this, subject, { payload: told, number } satisfies Message);
  }

  subscribe<P extends object>(
    event: Event<P>,
    handler: (payload: P) => void,
    { key, onGap }: SubscribeOptions = {},
  ): Subscribed {
    const watch = onGap === undefined ? undefined : this.#liveness.gaps.watch(event, key, onGap);
    const pattern = event.key === undefined ? event.subject : `${event.subject}.${key ?? '>'}`;
    const receive = (message: unknown): void => {
      if (!this.#connected) return;
      const { payload, number } = message as Message;
      watch?.received(number, this.#nowMs);
      handler(payload as P);
    };
    const unlisten = this.wire.listen({ to: this, pattern, receive });
    return {
      stop: () => {
        watch?.stop();
        unlisten();
      },
    };
  }

  async drain(): Promise<void> {
    this.#sendHeartbeat(true);
    this.setConnected(false);
    return Promise.resolve();
  }

  #sendHeartbeat(last = false): void {
    if (!this.#connected) return;
    this.wire.send(this, `${publisherCounted.subject}.beat`, this.#liveness.heartbeat(last));
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
