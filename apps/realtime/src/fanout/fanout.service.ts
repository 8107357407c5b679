import { Injectable } from '@nestjs/common';
import { metrics } from '@mystocks/telemetry';
import type { Gap, Item, Outlet } from './outlet.js';

/**
 * Sends values and gaps to the sockets of this instance. Every instance receives every event from the bus, so nothing is sent
 * from instance to instance, and each subscriber receives a value once.
 */
@Injectable()
export class FanoutService {
  readonly #outlets = new Set<Outlet>();

  attach(outlet: Outlet): void {
    this.#outlets.add(outlet);
  }

  /** The access token of any subscriber of the channel, to read for the channel with. */
  tokenOf(channel: string): string | undefined {
    for (const outlet of this.#outlets) {
      const token = outlet.tokenOf(channel);
      if (token !== undefined) return token;
    }
    return undefined;
  }

  /** Sends a gap, and behind it the value that the channel shows now. */
  sendGap(gap: Gap, snapshot: Item): void {
    metrics.socketGaps.inc({ reason: gap.reason });
    for (const outlet of this.#outlets) outlet.gap(gap, snapshot);
  }

  /** Sends values of one channel, oldest first, and measures how long the first of them took since it was received. */
  send(items: readonly Item[]): void {
    for (const outlet of this.#outlets) outlet.data(items);
    const [first] = items;
    if (first !== undefined) this.observeDelivery(first.t);
  }

  observeDelivery(receivedAtMs: number): void {
    metrics.socketDelivery.observe(Math.max(0, Date.now() - receivedAtMs) / 1_000);
  }
}
