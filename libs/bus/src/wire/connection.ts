import { log as houseLog, type Logger } from '@mystocks/telemetry';
import { connect, type Msg, type MsgHdrs, type NatsConnection, type Subscription } from '@nats-io/transport-node';

export interface BusOptions {
  /** `nats://host:port`, one or several. */
  readonly servers: string | readonly string[];
  readonly token?: string;
  /** Name of this service: its queue group, inbox prefix and connection name. */
  readonly service: string;
  readonly log?: Logger;
}

/** A subscription that outlives reconnects and late first connects. */
export interface Wanted {
  readonly subject: string;
  readonly queue?: string;
  readonly receive: (message: Msg) => void;
}

export interface Held {
  /** Takes no new messages; resolves when those already sent to us were received. */
  drain(): Promise<void>;
}

interface Entry {
  readonly wanted: Wanted;
  live?: Subscription;
}

/** reliability.md §3: a half-open link is found in 20-30 s (the client's default: 4-6 minutes). */
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
  // Bytes the client gathers before it writes (an option its types do not show; default 32 KiB). A burst of 100 small
  // calls would travel as one block, and caller, server and service would take turns at it: 88k calls/s at 32 KiB,
  // 115-122k at 12 KiB with the same CPU a call, less again at 8 KiB (bench/bus.bench.ts).
  pendingLimit: 12_288,
} as const;
const RETRY_MIN_MS = 250;
const RETRY_JITTER_MS = 500;
const DRAIN_MAX_MS = 2_000;
const DEFAULT_MAX_PAYLOAD = 1_048_576;

/** Headers that are bytes already; the client only ever asks them to encode themselves. */
class ReadyHeaders {
  constructor(private readonly bytes: Uint8Array) {}

  encode(): Uint8Array {
    return this.bytes;
  }
}

/** One connection to NATS that is kept up for ever, in the background. Nothing is buffered while it is down. */
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
    this.log = options.log ?? houseLog;
    void this.#stayConnected();
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Largest message (headers and payload) the server takes. */
  get maxPayload(): number {
    return this.#nats?.info?.max_payload ?? DEFAULT_MAX_PAYLOAD;
  }

  onConnectionChange(listener: (connected: boolean) => void): void {
    this.#listeners.push(listener);
  }

  /** Only while connected: the client would keep the message for later, and later is too late. */
  publish(subject: string, payload: Uint8Array, reply?: string, headers?: Uint8Array): void {
    const nats = this.#nats;
    if (nats === undefined || !this.#connected) return;
    if (headers === undefined) {
      nats.publish(subject, payload, reply === undefined ? undefined : { reply });
      return;
    }
    const ready = new ReadyHeaders(headers) as unknown as MsgHdrs;
    nats.publish(subject, payload, reply === undefined ? { headers: ready } : { reply, headers: ready });
  }

  hold(wanted: Wanted): Held {
    const entry: Entry = { wanted };
    this.#entries.add(entry);
    this.#subscribe(entry);
    return {
      drain: async () => {
        this.#entries.delete(entry);
        const live = entry.live;
        if (live === undefined || live.isClosed()) return;
        if (this.#connected) await atMost(DRAIN_MAX_MS, live.drain());
        else live.unsubscribe();
      },
    };
  }

  /** Sends what is under way and closes for good. */
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
    let complained = false;
    while (!this.#closing) {
      try {
        const nats = await connect({
          ...connectionSettings,
          servers: typeof servers === 'string' ? servers : [...servers],
          name: service,
          ...(token === undefined ? {} : { token }),
        });
        complained = false;
        await this.#live(nats);
      } catch (error) {
        if (!complained) this.log.warn({ err: error }, 'the bus cannot be reached yet; trying on');
        complained = true;
      }
      this.#setConnected(false);
      if (!this.#isClosing()) await this.#pause();
    }
  }

  // TypeScript narrows a private field across an await; asking a method does not.
  #isClosing(): boolean {
    return this.#closing;
  }

  /** Until the connection is closed for good, which only happens when somebody asks. */
  async #live(nats: NatsConnection): Promise<void> {
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
      else if (status.type === 'error') this.log.warn({ err: status.error }, 'the bus refused something');
    }
    await nats.closed();
    this.#nats = undefined;
  }

  #subscribe(entry: Entry): void {
    const nats = this.#nats;
    if (nats === undefined || nats.isClosed()) return;
    const { subject, queue, receive } = entry.wanted;
    entry.live = nats.subscribe(subject, {
      ...(queue === undefined ? {} : { queue }),
      callback: (error, message) => {
        // A throw in here would end the client's reader, and with it the connection.
        try {
          if (error === null) receive(message);
          else this.log.error({ err: error, subject }, 'a subscription was refused');
        } catch (thrown) {
          this.log.error({ err: thrown, subject }, 'a bus message could not be received');
        }
      },
    });
  }

  #setConnected(connected: boolean): void {
    if (this.#connected === connected) return;
    this.#connected = connected;
    this.log.info({ connected }, connected ? 'the bus is connected' : 'the bus is gone');
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

/** Waits for `work`, but not longer than `ms`; its failure is not ours. */
async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([
    work.then(
      () => undefined,
      () => undefined,
    ),
    limit,
  ]);
  clearTimeout(timer);
}
