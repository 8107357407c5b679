import { publisherCounted, type Call, type Event } from '@mystocks/contracts';
import { Injectable } from '@nestjs/common';
import { CallTable } from './calls/call-table.js';
import { BusConnection, type BusOptions } from './wire/connection.js';
import { logHearing } from './liveness/hearing-log.js';
import { Heartbeat } from './liveness/heartbeat.js';
import { News, type SubscribeOptions } from './events/news.js';
import { Pulse } from './liveness/pulse.js';

export interface CallOptions {
  /** Instead of the contract's own; never beyond the deadline of the request that is being served. */
  readonly timeoutMs?: number;
}

export interface Subscribed {
  stop(): void;
}

const DRAIN_CALLS_MAX_MS = 10_000;

/** For this package only: the server listens on the same connection, as the same publisher. */
export let inside: (bus: Bus) => { readonly connection: BusConnection; readonly publisher: string };

/**
 * The way to other services: calls with one answer, and news without. It is usable at once and connects in the
 * background for ever; while it is not connected every call fails at once with `unavailable`.
 */
@Injectable()
export class Bus {
  readonly #connection: BusConnection;
  readonly #calls: CallTable;
  readonly #pulse: Pulse;
  readonly #news: News;
  readonly #heartbeat: Heartbeat;

  static {
    inside = (bus) => ({ connection: bus.#connection, publisher: bus.#pulse.publisher });
  }

  private constructor(options: BusOptions) {
    this.#connection = new BusConnection(options);
    const pulse = new Pulse(options.service);
    this.#pulse = pulse;
    this.#calls = new CallTable(this.#connection, (service) => pulse.absenceOf(service));
    this.#news = new News(this.#connection, this.#pulse);
    this.#heartbeat = new Heartbeat(this.#connection, this.#news, this.#pulse);
    logHearing(this.#pulse.hearing, this.#connection.log);
  }

  static connect(options: BusOptions): Bus {
    return new Bus(options);
  }

  get connected(): boolean {
    return this.#connection.connected;
  }

  onConnectionChange(listener: (connected: boolean) => void): void {
    this.#connection.onConnectionChange(listener);
  }

  /**
   * Asks the service that owns `call`. Request id, trace, deadline, token and read-after of the current context travel
   * along.
   * @throws {Failure} on anything but an answer of the agreed shape
   */
  call<Req extends object, Res extends object>(
    call: Call<Req, Res>,
    request: NoInfer<Req>,
    options: CallOptions = {},
  ): Promise<Res> {
    return this.#calls.call(call, request, options.timeoutMs);
  }

  /**
   * Tells the news to whoever listens now. Core NATS: nobody keeps it, and while disconnected it is dropped and counted;
   * who listens to a numbered event with `onGap` learns of it.
   */
  publish<P extends object>(event: Event<P>, payload: NoInfer<P>): void {
    this.#news.publish(event, payload);
  }

  /**
   * Every instance that subscribes gets every message. With `onGap` (numbered events, without a key) it also learns that
   * it missed some: within about a second, also when the lost message was the last one.
   */
  subscribe<P extends object>(
    event: Event<P>,
    handler: (payload: P) => void,
    options: SubscribeOptions = {},
  ): Subscribed {
    return this.#news.subscribe(event, handler, options);
  }

  /**
   * No instance of `service` was heard for 1.5 s (it is frozen or cut off, or gone), while this process was connected
   * and not held up itself: calling it would only cost the deadline.
   */
  isSilent(service: string): boolean {
    return this.#pulse.hearing.isSilent(service);
  }

  /** Tells whenever {@link isSilent} changes. */
  onSilence(service: string, listener: (silent: boolean) => void): void {
    this.#pulse.hearing.onSilence(service, (silent) => {
      this.#news.guard(publisherCounted.subject, () => {
        listener(silent);
      });
    });
  }

  /**
   * This process is deaf: connected, and yet not even its own beat came back for 1.5 s (NATS is frozen, or the way there
   * swallows everything). Who else is silent cannot be said then, and calling anybody would only cost the deadline. Until
   * a beat is heard again.
   */
  get isDeaf(): boolean {
    return this.#pulse.hearing.isDeaf;
  }

  /** Tells whenever {@link isDeaf} changes; after every `onGap` was told. */
  onDeafness(listener: (deaf: boolean) => void): void {
    this.#pulse.hearing.onDeafness((deaf) => {
      this.#news.guard(publisherCounted.subject, () => {
        listener(deaf);
      });
    });
  }

  /** Waits for the calls under way (at most 10 s), sends what is left and closes. */
  async drain(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, DRAIN_CALLS_MAX_MS);
    });
    await Promise.race([this.#calls.idle(), limit]);
    clearTimeout(timer);
    this.#calls.close();
    this.#heartbeat.stop();
    await this.#connection.close();
  }
}
