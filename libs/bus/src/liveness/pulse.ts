import { ownerOf, type PublisherCounted } from '@mystocks/contracts';
import { Gaps } from '../events/gaps.js';
import { Hearing } from './hearing.js';
import { Numbers, type Place } from '../events/numbers.js';
import { Publishers, type Absence, type Dead } from './publishers.js';

/** How often {@link Pulse.tick} is to be called. */
export const TICK_MS = 250;
const TICKS_A_BEAT = 2;

/**
 * Why news of an event was, or may have been, missed.
 * - `lost`: a number is missing, or a process that has told of this event died without a farewell.
 * - `untold`: a process of the event's own service died so, which has told of none: at most its first.
 * - `deaf`: nothing at all is heard. What is lost meanwhile is told of as `lost` once something is.
 */
export type Gap = 'lost' | 'untold' | 'deaf';

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
  readonly #watches = new Map<Gaps, { readonly subject: string; readonly onGap: (why: Gap) => void }>();
  readonly #publishers = new Publishers();
  readonly hearing = new Hearing();
  #ticks = 0;

  constructor(private readonly service: string) {
    this.hearing.onDeafness((deaf) => {
      if (deaf) for (const { onGap } of this.#watches.values()) onGap('deaf');
    });
  }

  /** This run of this process. */
  get publisher(): string {
    return this.#numbers.publisher;
  }

  /** The place of the next message of an event, to be counted whether it leaves this process or not. */
  number(subject: string): Place {
    return this.#numbers.next(subject);
  }

  watch(subject: string, onGap: (why: Gap) => void): Watch {
    const gaps = new Gaps(() => {
      onGap('lost');
    });
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
    if (sinceMs !== undefined) this.#mourn(this.#publishers.bury(nowMs, sinceMs));
    this.#ticks += 1;
    return this.#ticks % TICKS_A_BEAT === 0;
  }

  /** See {@link Publishers.missing}. */
  get missing(): Iterable<string> {
    return this.#publishers.missing;
  }

  /** See {@link Publishers.forget}. */
  forget(publisher: string): void {
    this.#publishers.forget(publisher);
  }

  /** See {@link Publishers.absenceOf}. */
  absenceOf(service: string): Absence | undefined {
    return this.#publishers.absenceOf(service);
  }

  #mourn(dead: readonly Dead[]): void {
    for (const { subject, onGap } of this.#watches.values()) {
      if (dead.some(({ told }) => told.includes(subject))) onGap('lost');
      // A gateway's death is nobody's gap: it writes nothing.
      else if (dead.some(({ service }) => service === ownerOf({ subject }))) onGap('untold');
    }
  }
}
