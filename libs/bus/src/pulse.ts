import type { PublisherCounted } from '@mystocks/contracts';
import { Gaps } from './gaps.js';
import { Hearing } from './hearing.js';
import { Numbers, type Place } from './numbers.js';
import { Publishers } from './publishers.js';

/** How often {@link Pulse.tick} is to be called. */
export const TICK_MS = 250;
const TICKS_A_BEAT = 2;

/** Watches one subscription of a numbered event. */
export interface Watch {
  /** A message came; `undefined` from a publisher that does not number. */
  received(place: Place | undefined, nowMs: number): void;
  stop(): void;
}

/**
 * What processes on the bus learn from each other's running numbers and beats: that news was missed, and that a service
 * has fallen silent. Pure: wire and time are arguments, so that the real bus and the fake one do the same.
 */
export class Pulse {
  readonly #numbers = new Numbers();
  readonly #watches = new Map<Gaps, { readonly subject: string; readonly onGap: () => void }>();
  readonly #publishers = new Publishers();
  readonly hearing = new Hearing(() => {
    this.#tellAll();
  });
  #ticks = 0;

  constructor(private readonly service: string) {}

  /** The place of the next message of an event, to be counted whether it leaves this process or not. */
  number(subject: string): Place {
    return this.#numbers.next(subject);
  }

  watch(subject: string, onGap: () => void): Watch {
    const gaps = new Gaps(onGap);
    this.#watches.set(gaps, { subject, onGap });
    return {
      received: (place, nowMs) => {
        if (place !== undefined) gaps.received(place, nowMs);
      },
      stop: () => void this.#watches.delete(gaps),
    };
  }

  /** This process's beat: it is there, and so far it has counted. The last one is its farewell. */
  beat(last = false): PublisherCounted {
    const counts = this.#numbers.counts();
    return { service: this.service, publisher: this.#numbers.publisher, counts, ...(last && { last }) };
  }

  /** A beat came, of another process or our own. */
  heard(beat: PublisherCounted, nowMs: number): void {
    const { service, publisher, counts } = beat;
    this.#publishers.heard(beat, nowMs);
    const sent = new Map(counts.map((one) => [one.subject, one.sent]));
    for (const [gaps, { subject }] of this.#watches) gaps.counted(publisher, sent.get(subject) ?? 0, nowMs);
    this.hearing.heard(service, publisher === this.#numbers.publisher, nowMs);
  }

  /** Judges what was not heard; says whether a beat is due. */
  tick(nowMs: number, connected: boolean): boolean {
    for (const gaps of this.#watches.keys()) gaps.age(nowMs);
    const sinceMs = this.hearing.look(nowMs, connected);
    const bereft = sinceMs === undefined ? undefined : this.#publishers.bury(nowMs, sinceMs);
    for (const { subject, onGap } of this.#watches.values()) if (bereft?.has(subject) === true) onGap();
    this.#ticks += 1;
    return this.#ticks % TICKS_A_BEAT === 0;
  }

  #tellAll(): void {
    for (const { onGap } of this.#watches.values()) onGap();
  }
}
