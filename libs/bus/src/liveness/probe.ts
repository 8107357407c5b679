import { nuid } from '@nats-io/transport-node';
import type { BusConnection } from '../wire/connection.js';
import { isNobody, readHead } from '../wire/headers.js';
import type { Pulse } from './pulse.js';
import { subjectAt } from '../wire/subject.js';

const NOTHING = new Uint8Array();

/**
 * Tells who is gone from who is frozen among those that fell silent: NATS says at once that nobody takes what is sent to
 * the first; the other one is still a subscriber, and is handed its share of the calls.
 */
export class Probe {
  readonly #inbox: string;
  #known: ReadonlySet<string> = new Set();

  constructor(
    private readonly connection: BusConnection,
    private readonly pulse: Pulse,
  ) {
    this.#inbox = `_INBOX.${connection.service}.${nuid.next()}.`;
    connection.hold({
      subject: `${this.#inbox}*`,
      receive: (message) => {
        const { subject, data } = message;
        if (isNobody(readHead(message, data, subject), data)) pulse.forget(subject.slice(this.#inbox.length));
      },
    });
  }

  /**
   * Asks after everybody who is missing, but for those who were not yet at the last time: the calls that somebody killed
   * had in its hands are asked of another one until then ({@link Repeats}).
   */
  ask(): void {
    const missing = new Set(this.pulse.missing);
    for (const publisher of missing)
      if (this.#known.has(publisher))
        this.connection.publish(subjectAt(publisher, 'here'), NOTHING, this.#inbox + publisher);
    this.#known = missing;
  }
}
