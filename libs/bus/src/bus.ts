import { publisherCounted, type Call, type Event } from '@mystocks/contracts';
import { Injectable } from '@nestjs/common';
import { atMost } from '@mystocks/kernel';
import { CallClient } from './calls/call-client.js';
import { Events, type SubscribeOptions } from './events/events.js';
import { HeartbeatSender } from './liveness/heartbeat-sender.js';
import { Liveness } from './liveness/liveness.js';
import { BusConnection, type BusOptions } from './wire/connection.js';

export interface CallOptions {
  /** Replaces the time-out of the contract. The deadline of the request that is being served limits it further. */
  readonly timeoutMs?: number;
}

export interface Subscribed {
  stop(): void;
}

const DRAIN_CALLS_MAX_MS = 10_000;

/** Only for the server, which receives calls on the same connection and under the same instance id. */
export let internalsOf: (bus: Bus) => { readonly connection: BusConnection; readonly publisher: string };

/**
 * Calls other services and publishes and receives events. It can be used at once and connects in the background without
 * a limit of attempts; while it is disconnected, every call fails at once with `unavailable`.
 */
@Injectable()
export class Bus {
  readonly #connection: BusConnection;
  readonly #calls: CallClient;
  readonly #liveness: Liveness;
  readonly #events: Events;
  readonly #heartbeats: HeartbeatSender;

  static {
    internalsOf = (bus) => ({ connection: bus.#connection, publisher: bus.#liveness.counter.publisher });
  }

  private constructor(options: BusOptions) {
    this.#connection = new BusConnection(options);
    this.#liveness = new Liveness(options.service);
    const { counter, gaps, instances, silence } = this.#liveness;
    this.#calls = new CallClient(this.#connection, (service) => instances.partialOutageOf(service));
    this.#events = new Events(this.#connection, counter, gaps);
    this.#heartbeats = new HeartbeatSender(this.#connection, this.#events, this.#liveness);
    silence.logTo(this.#connection.log);
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
   * Calls the service that owns `call`. Request id, trace, deadline, token and read-after of the current context are sent
   * with it.
   * @throws {Failure} when there is no answer, or one that does not have the agreed shape
   */
  call<Req extends object, Res extends object>(
    call: Call<Req, Res>,
    request: NoInfer<Req>,
    options: CallOptions = {},
  ): Promise<Res> {
    return this.#calls.call(call, request, options.timeoutMs);
  }

  /**
   * Publishes an event to the processes that are subscribed now: core NATS stores no messages. While disconnected the
   * event is dropped and counted; subscribers to a numbered event with `onGap` are notified that it is missing.
   */
  publish<P extends object>(event: Event<P>, payload: NoInfer<P>): void {
    this.#events.publish(event, payload);
  }

  /**
   * Every instance that subscribes gets every message. With `onGap` (for numbered events, without a key) it is also
   * notified of missed messages: within about a second, even when the missed message was the last one.
   */
  subscribe<P extends object>(
    event: Event<P>,
    handler: (payload: P) => void,
    options: SubscribeOptions = {},
  ): Subscribed {
    return this.#events.subscribe(event, handler, options);
  }

  /**
   * No instance of `service` sent a heartbeat for 1.5 s, while this process was connected and not held up itself: the
   * service is frozen, cut off or gone, and a call to it would wait for its deadline.
   */
  isSilent(service: string): boolean {
    return this.#liveness.silence.isSilent(service);
  }

  /** Calls `listener` whenever {@link isSilent} changes. */
  onSilence(service: string, listener: (silent: boolean) => void): void {
    this.#liveness.silence.onSilence(service, this.#guarded(listener));
  }

  /**
   * This process is connected, and yet not even its own heartbeat came back for 1.5 s: NATS is frozen, or the network
   * drops everything. Until a heartbeat arrives again no service can be judged, and any call would wait for its deadline.
   */
  get isStalled(): boolean {
    return this.#liveness.silence.isStalled;
  }

  /** Calls `listener` whenever {@link isStalled} changes, after all `onGap` listeners. */
  onStall(listener: (stalled: boolean) => void): void {
    this.#liveness.silence.onStall(this.#guarded(listener));
  }

  /** Waits for the calls under way (at most 10 s), sends the last heartbeat and closes the connection. */
  async drain(): Promise<void> {
    await atMost(DRAIN_CALLS_MAX_MS, this.#calls.idle());
    this.#calls.close();
    this.#heartbeats.stop();
    await this.#connection.close();
  }

  #guarded(listener: (is: boolean) => void): (is: boolean) => void {
    return (is) => {
      this.#events.guard(publisherCounted.subject, () => {
        listener(is);
      });
    };
  }
}
