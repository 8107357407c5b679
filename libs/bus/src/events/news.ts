import type { Event } from '@mystocks/contracts';
import { metrics } from '@mystocks/telemetry';
import { codecOf, type Codec } from '../wire/codec.js';
import type { BusConnection } from '../wire/connection.js';
import { readHead, writeHead, type Head } from '../wire/headers.js';
import { readPlace, writePlace } from './numbers.js';
import type { Gap, Pulse, Watch } from '../liveness/pulse.js';
import { patternOf, subjectOf } from '../wire/subject.js';

/**
 * Which news to take. Numbers run over all keys of an event, so who takes only some of them cannot count, and who wants
 * to know of gaps takes all.
 */
export type SubscribeOptions =
  | { /** May use the wildcards of NATS. */ readonly key?: string; readonly onGap?: never }
  | {
      readonly key?: never;
      /** News of this event was missed, or may have been. Called before the news that shows it; may come too often. */
      readonly onGap: (why: Gap) => void;
    };

/** Events: published and received, checked on receipt. */
export class News {
  readonly #complained = new Set<string>();

  constructor(
    private readonly connection: BusConnection,
    private readonly pulse: Pulse,
  ) {}

  publish<P extends object>(event: Event<P>, payload: P): void {
    // First: whatever becomes of the message, receivers shall find out that there was one.
    const place = event.numbered === true ? writePlace(this.pulse.number(event.subject)) : undefined;
    const subject = subjectOf(event, payload);
    const { payload: bytes, meta } = codecOf(event.payload).encode(payload);
    const head =
      meta === undefined && place === undefined
        ? undefined
        : writeHead([
            ['x-meta', meta],
            ['x-number', place],
          ]);
    const fits = bytes.length + (head?.length ?? 0) <= this.connection.maxPayload;
    if (!fits || !this.connection.connected) {
      metrics.busEvents.cell(event.subject, fits ? 'dropped' : 'too_large').count += 1;
      return;
    }
    this.connection.publish(subject, bytes, undefined, head);
    metrics.busEvents.cell(event.subject, 'published').count += 1;
  }

  subscribe<P extends object>(
    event: Event<P>,
    handler: (payload: P) => void,
    { key, onGap }: SubscribeOptions,
  ): { stop(): void } {
    const codec = codecOf(event.payload);
    const received = metrics.busEvents.cell(event.subject, 'received');
    const missed = this.#missed(event.subject, onGap);
    const watch = onGap === undefined ? undefined : watchOf(this.pulse, event, key, missed);
    const held = this.connection.hold({
      subject: patternOf(event, key),
      receive: (message) => {
        received.count += 1;
        const { data } = message;
        const head = readHead(message, data, message.subject);
        watch?.received(readPlace(head.fields.get('x-number')), performance.now());
        const payload = this.#read(event.subject, codec, data, head);
        if (payload !== undefined) this.guard(event.subject, () => handler(payload));
        // What cannot be read may have told of anything.
        else if (watch !== undefined) missed('lost');
      },
    });
    return {
      stop: () => {
        watch?.stop();
        void held.drain();
      },
    };
  }

  /** Runs a listener; its failure is logged and goes no further. */
  guard(subject: string, run: () => unknown): void {
    const failed = (error: unknown): void => {
      metrics.busEvents.cell(subject, 'failed').count += 1;
      this.connection.log.error({ err: error, subject }, 'a listener failed on news');
    };
    try {
      const result = run();
      if (result instanceof Promise) result.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  #missed(subject: string, onGap: ((why: Gap) => void) | undefined): (why: Gap) => void {
    return (why) => {
      metrics.busEvents.cell(subject, 'missed').count += 1;
      if (onGap !== undefined)
        this.guard(subject, () => {
          onGap(why);
        });
    };
  }

  #read<P extends object>(subject: string, codec: Codec<P>, data: Uint8Array, head: Head): P | undefined {
    try {
      return codec.decode(data, head.fields.get('x-meta'), 'drop');
    } catch (error) {
      metrics.busEvents.cell(subject, 'invalid').count += 1;
      // Once a subject: a broken publisher would otherwise fill the log as fast as it speaks.
      if (!this.#complained.has(subject))
        this.connection.log.warn({ err: error, subject }, 'news does not have its shape');
      this.#complained.add(subject);
      return undefined;
    }
  }
}

/** @throws when gaps of this event, or of a part of it, cannot be found */
export function watchOf(
  pulse: Pulse,
  { subject, numbered }: Pick<Event, 'subject' | 'numbered'>,
  key: string | undefined,
  onGap: (why: Gap) => void,
): Watch {
  if (numbered !== true) throw new Error(`${subject} is not numbered: gaps cannot be found`);
  if (key !== undefined) throw new Error(`${subject}: who listens to one key only cannot count`);
  return pulse.watch(subject, onGap);
}
