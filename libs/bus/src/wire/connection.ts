import { log as defaultLog, type Logger } from '@mystocks/telemetry';
import { connect, type Msg, type MsgHdrs, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { atMost } from '@mystocks/kernel';

export interface BusOptions {
  /** One or several of `nats://host:port`. */
  readonly servers: string | readonly string[];
  readonly token?: string;
  /** The name of this service, which is also its queue group, inbox prefix and connection name. */
  readonly service: string;
  readonly log?: Logger;
}

/** What to subscribe to. */
export interface SubscriptionRequest {
  readonly subject: string;
  readonly queue?: string;
  readonly receive: (message: Msg) => void;
}

/** A subscription that is made again after each reconnect; it may be opened before the first connect. */
export interface BusSubscription {
  /** Unsubscribes; resolves when the messages that NATS had already sent were received. */
  drain(): Promise<void>;
}

interface Entry {
  readonly request: SubscriptionRequest;
  current?: Subscription;
}

/** With these settings a half-open connection is found within 20-30 s (with the client's defaults: 4-6 minutes). */
export const connectionSettings = {
  reconnect: true,
  maxReconnectAttempts: -1,
  reconnectTimeWait: 400,
  reconnectJitter: 400,
  pingInterval: 10_000,
  maxPingOut: 2,
  timeout: 2_000,
  ignoreAuthErrorAbort: true,
  noAsyncTraces: true,
  // Bytes that the client collects before it writes them to the socket (an option that its types lack; default 32 KiB).
  // At 32 KiB a burst of 100 small calls is sent as one block, and caller, NATS and service work one after the other:
  // 88k calls/s; at 12 KiB 115-122k with the same CPU time for a call, and less again at 8 KiB (bench/bus.bench.ts).
  pendingLimit: 12_288,
} as const;
const RETRY_MIN_MS = 250;
const RETRY_JITTER_MS = 500;
const DRAIN_MAX_MS = 2_000;
const DEFAULT_MAX_PAYLOAD = 1_048_576;

/** Headers that are encoded already; the only method of its headers that the client calls is `encode`. */
class EncodedHeaders {
  constructor(private readonly bytes: Uint8Array) {}

  encode(): Uint8Array {
    return this.bytes;
  }
}

/** One connection to NATS. It reconnects in the background without a limit of attempts, and buffers nothing meanwhile. */
export class BusConnection {
  readonly service: string;
  readonly log: Logger;
  readonly #entries = new Set<Entry>();
  readonly #listeners: ((connected: boolean) => void)[] = [];
  #nats: NatsConnection | undefined;
  #connected = false;
  #closing = false;
  #wake: () => void = () => undefined;

  constructor(private readonly options: BusOptions) {
    this.service = options.service;
    this.log = options.log ?? defaultLog;
    void this.#stayConnected();
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** The largest message (headers and payload) that the server accepts. */
  get maxPayload(): number {
    return this.#nats?.info?.max_payload ?? DEFAULT_MAX_PAYLOAD;
  }

  onConnectionChange(listener: (connected: boolean) => void): void {
    this.#listeners.push(listener);
  }

  /** Does nothing while disconnected: the client would buffer the message and send it when it is too late. */
  publish(subject: string, payload: Uint8Array, reply?: string, headers?: Uint8Array): void {
    const nats = this.#nats;
    if (nats === undefined || !this.#connected) return;
    if (headers === undefined) {
      nats.publish(subject, payload, reply === undefined ? undefined : { reply });
      return;
    }
    const encoded = new EncodedHeaders(headers) as unknown as MsgHdrs;
    nats.publish(subject, payload, reply === undefined ? { headers: encoded } : { reply, headers: encoded });
  }

  subscribe(request: SubscriptionRequest): BusSubscription {
    const entry: Entry = { request };
    this.#entries.add(entry);
    this.#subscribe(entry);
    return {
      drain: async () => {
        this.#entries.delete(entry);
        const { current } = entry;
        if (current === undefined || current.isClosed()) return;
        if (this.#connected) await atMost(DRAIN_MAX_MS, current.drain());
        else current.unsubscribe();
      },
    };
  }

  /** Sends what the client still buffers and closes the connection for ever. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#wake();
    const nats = this.#nats;
    if (nats === undefined) return;
    if (this.#connected) await atMost(DRAIN_MAX_MS, nats.drain());
    if (!nats.isClosed()) await nats.close();
    this.#setConnected(false);
  }

  async #stayConnected(): Promise<void> {
    const { servers, token, service } = this.options;
    let isLogged = false;
    while (!this.#closing) {
      try {
        const nats = await connect({
          ...connectionSettings,
          servers: typeof servers === 'string' ? servers : [...servers],
          name: service,
          ...(token === undefined ? {} : { token }),
        });
        isLogged = false;
        await this.#use(nats);
      } catch (error) {
        if (!isLogged) this.log.warn({ err: error }, 'the bus cannot be reached, retrying');
        isLogged = true;
      }
      this.#setConnected(false);
      if (!this.#isClosing()) await this.#pause();
    }
  }

  // A method, because TypeScript narrows a private field across an await, and would take its value for constant.
  #isClosing(): boolean {
    return this.#closing;
  }

  /** Resolves when the connection is closed for ever, which only `close` does. */
  async #use(nats: NatsConnection): Promise<void> {
    if (this.#closing) {
      await nats.close();
      return;
    }
    this.#nats = nats;
    for (const entry of this.#entries) this.#subscribe(entry);
    this.#setConnected(true);
    for await (const status of nats.status()) {
      if (status.type === 'disconnect' || status.type === 'staleConnection') this.#setConnected(false);
      else if (status.type === 'reconnect') this.#setConnected(true);
      else if (status.type === 'error') this.log.warn({ err: status.error }, 'the bus reported an error');
    }
    await nats.closed();
    this.#nats = undefined;
  }

  #subscribe(entry: Entry): void {
    const nats = this.#nats;
    if (nats === undefined || nats.isClosed()) return;
    const { subject, queue, receive } = entry.request;
    entry.current = nats.subscribe(subject, {
      ...(queue === undefined ? {} : { queue }),
      callback: (error, message) => {
        // An exception in here would end the client's read loop, and with it the connection.
        try {
          if (error === null) receive(message);
          else this.log.error({ err: error, subject }, 'a subscription was refused');
        } catch (thrown) {
          this.log.error({ err: thrown, subject }, 'the receiver of a bus message failed');
        }
      },
    });
  }

  #setConnected(connected: boolean): void {
    if (this.#connected === connected) return;
    this.#connected = connected;
    this.log.info({ connected }, connected ? 'the bus is connected' : 'the bus is disconnected');
    for (const listener of this.#listeners) {
      try {
        listener(connected);
      } catch (error) {
        this.log.error({ err: error }, 'a listener of the bus connection failed');
      }
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, RETRY_MIN_MS + Math.random() * RETRY_JITTER_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
