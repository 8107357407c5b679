import type { Call, Event } from '@mystocks/contracts';
import { Injectable } from '@nestjs/common';
import { CallTable } from './call-table.js';
import { codecOf } from './codec.js';
import { BusConnection, type BusOptions } from './connection.js';
import { News } from './news.js';

export interface CallOptions {
  /** Instead of the contract's own; never beyond the deadline of the request that is being served. */
  readonly timeoutMs?: number;
}

export interface Subscribed {
  stop(): void;
}

const DRAIN_CALLS_MAX_MS = 10_000;

/** For this package only: the server listens on the same connection. */
export let connectionOf: (bus: Bus) => BusConnection;

/**
 * The way to other services: calls with one answer, and news without. It is usable at once and connects in the
 * background for ever; while it is not connected every call fails at once with `unavailable`.
 */
@Injectable()
export class Bus {
  readonly #connection: BusConnection;
  readonly #calls: CallTable;
  readonly #news: News;

  static {
    connectionOf = (bus) => bus.#connection;
  }

  private constructor(options: BusOptions) {
    this.#connection = new BusConnection(options);
    this.#calls = new CallTable(this.#connection);
    this.#news = new News(this.#connection);
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

  /** Tells the news to whoever listens now. Core NATS: nobody keeps it, and while disconnected it is dropped and counted. */
  publish<P extends object>(event: Event<P>, payload: NoInfer<P>): void {
    this.#news.publish(event, payload);
  }

  /** Every instance that subscribes gets every message. `key` may use the wildcards of NATS. */
  subscribe<P extends object>(
    event: Event<P>,
    handler: (payload: P) => void,
    options: { key?: string } = {},
  ): Subscribed {
    return this.#news.subscribe(event, codecOf(event.payload), handler, options.key);
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
    await this.#connection.close();
  }
}
