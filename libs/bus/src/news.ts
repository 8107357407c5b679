import type { Event } from '@mystocks/contracts';
import { metrics } from '@mystocks/telemetry';
import type { Msg } from '@nats-io/transport-node';
import { codecOf, type Codec } from './codec.js';
import type { BusConnection } from './connection.js';
import { readHead, writeHead } from './headers.js';
import { patternOf, subjectOf } from './subject.js';

/** Events: published and received, checked on receipt. */
export class News {
  readonly #complained = new Set<string>();

  constructor(private readonly connection: BusConnection) {}

  publish<P extends object>(event: Event<P>, payload: P): void {
    const subject = subjectOf(event, payload);
    const { payload: bytes, meta } = codecOf(event.payload).encode(payload);
    const head = meta === undefined ? undefined : writeHead([['x-meta', meta]]);
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
    codec: Codec<P>,
    handler: (payload: P) => void,
    key: string | undefined,
  ): { stop(): void } {
    const received = metrics.busEvents.cell(event.subject, 'received');
    const held = this.connection.hold({
      subject: patternOf(event, key),
      receive: (message) => {
        received.count += 1;
        const payload = this.#read(event.subject, codec, message);
        if (payload !== undefined) this.#hand(event.subject, handler, payload);
      },
    });
    return {
      stop: () => {
        void held.drain();
      },
    };
  }

  #read<P extends object>(subject: string, codec: Codec<P>, message: Msg): P | undefined {
    try {
      const { data } = message;
      return codec.decode(data, readHead(message, data, message.subject).fields.get('x-meta'), 'drop');
    } catch (error) {
      metrics.busEvents.cell(subject, 'invalid').count += 1;
      // Once a subject: a broken publisher would otherwise fill the log as fast as it speaks.
      if (!this.#complained.has(subject))
        this.connection.log.warn({ err: error, subject }, 'news does not have its shape');
      this.#complained.add(subject);
      return undefined;
    }
  }

  #hand<P extends object>(subject: string, handler: (payload: P) => unknown, payload: P): void {
    const failed = (error: unknown): void => {
      metrics.busEvents.cell(subject, 'failed').count += 1;
      this.connection.log.error({ err: error, subject }, 'a listener failed on news');
    };
    try {
      const result = handler(payload);
      if (result instanceof Promise) result.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}
