import type { Event } from '@mystocks/contracts';
import { metrics } from '@mystocks/telemetry';
import { codecOf, type Codec } from '../wire/codec.js';
import type { BusConnection } from '../wire/connection.js';
import { readHead, writeHead, type Head } from '../wire/headers.js';
import { patternOf, subjectOf } from '../wire/subject.js';
import { readSequenceNumber, writeSequenceNumber, type EventCounter } from './event-counter.js';
import type { Gap, GapWatches } from './gap-watches.js';

/**
 * Which messages of an event to receive. Sequence numbers run over all keys of an event: a subscriber to some of the keys
 * cannot find gaps, so a subscriber with `onGap` receives all keys.
 */
export type SubscribeOptions =
  | { /** May use the wildcards of NATS. */ readonly key?: string; readonly onGap?: never }
  | {
      readonly key?: never;
      /**
       * Messages of this event were missed, or may have been. It is called before the handler gets the message that
       * shows the gap, and sometimes although nothing was missed.
       */
      readonly onGap: (why: Gap) => void;
    };

/** Publishes events, and hands received ones that have the agreed shape to their subscribers. */
export class Events {
  readonly #subjectsLogged = new Set<string>();

  constructor(
    private readonly connection: BusConnection,
    private readonly counter: EventCounter,
    private readonly gaps: GapWatches,
  ) {}

  publish<P extends object>(event: Event<P>, payload: P): void {
    // Counted before anything can fail: if the message is not sent, subscribers find a gap.
    const number = event.numbered === true ? writeSequenceNumber(this.counter.next(event.subject)) : undefined;
    const subject = subjectOf(event, payload);
    const { payload: bytes, meta } = codecOf(event.payload).encode(payload);
    const head =
      meta === undefined && number === undefined
        ? undefined
        : writeHead([
            ['x-meta', meta],
            ['x-number', number],
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
    const reportGap = this.#gapReporter(event.subject, onGap);
    const watch = onGap === undefined ? undefined : this.gaps.watch(event, key, reportGap);
    const subscription = this.connection.subscribe({
      subject: patternOf(event, key),
      receive: (message) => {
        received.count += 1;
        const { data } = message;
        const head = readHead(message, data, message.subject);
        watch?.received(readSequenceNumber(head.fields.get('x-number')), performance.now());
        const payload = this.#decode(event.subject, codec, data, head);
        if (payload !== undefined) this.guard(event.subject, () => handler(payload));
        // A message that cannot be read may have reported any change.
        else if (watch !== undefined) reportGap('lost');
      },
    });
    return {
      stop: () => {
        watch?.stop();
        void subscription.drain();
      },
    };
  }

  /** Runs a listener. Its error, thrown or rejected, is logged and not passed on. */
  guard(subject: string, run: () => unknown): void {
    const failed = (error: unknown): void => {
      metrics.busEvents.cell(subject, 'failed').count += 1;
      this.connection.log.error({ err: error, subject }, 'an event listener failed');
    };
    try {
      const result = run();
      if (result instanceof Promise) result.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  #gapReporter(subject: string, onGap: ((why: Gap) => void) | undefined): (why: Gap) => void {
    return (why) => {
      metrics.busEvents.cell(subject, 'missed').count += 1;
      if (onGap !== undefined)
        this.guard(subject, () => {
          onGap(why);
        });
    };
  }

  #decode<P extends object>(subject: string, codec: Codec<P>, data: Uint8Array, head: Head): P | undefined {
    try {
      return codec.decode(data, head.fields.get('x-meta'), 'drop');
    } catch (error) {
      metrics.busEvents.cell(subject, 'invalid').count += 1;
      // Once for each subject: a broken publisher would otherwise fill the log as fast as it publishes.
      if (!this.#subjectsLogged.has(subject))
        this.connection.log.warn({ err: error, subject }, 'an event does not have the agreed shape');
      this.#subjectsLogged.add(subject);
      return undefined;
    }
  }
}
