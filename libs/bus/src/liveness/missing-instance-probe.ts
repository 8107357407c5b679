import { nuid } from '@nats-io/transport-node';
import type { BusConnection } from '../wire/connection.js';
import { isNoResponders, readHead } from '../wire/headers.js';
import { subjectAt } from '../wire/subject.js';
import type { Instances } from './instances.js';

const NOTHING = new Uint8Array();

/**
 * Finds out which missing instances are gone and which are frozen. To a message for an instance that has disconnected
 * NATS replies at once that there are no responders; a frozen one is still subscribed, and is handed its share of calls.
 */
export class MissingInstanceProbe {
  readonly #inbox: string;
  #missingBefore: ReadonlySet<string> = new Set();

  constructor(
    private readonly connection: BusConnection,
    private readonly instances: Instances,
  ) {
    this.#inbox = `_INBOX.${connection.service}.${nuid.next()}.`;
    connection.subscribe({
      subject: `${this.#inbox}*`,
      receive: (message) => {
        const { subject, data } = message;
        if (isNoResponders(readHead(message, data, subject), data)) instances.gone(subject.slice(this.#inbox.length));
      },
    });
  }

  /**
   * Probes every instance that was already missing in the previous round. A killed instance so stays missing for one
   * round, in which the calls it had accepted are hedged.
   */
  send(): void {
    const missing = new Set(this.instances.missing);
    for (const publisher of missing)
      if (this.#missingBefore.has(publisher))
        this.connection.publish(subjectAt(publisher, 'here'), NOTHING, this.#inbox + publisher);
    this.#missingBefore = missing;
  }
}
