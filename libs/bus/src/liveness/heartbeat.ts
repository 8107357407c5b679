import { publisherCounted } from '@mystocks/contracts';
import type { BusConnection } from '../wire/connection.js';
import type { News } from '../events/news.js';
import { Probe } from './probe.js';
import { TICK_MS, type Pulse } from './pulse.js';
import { subjectOf } from '../wire/subject.js';

/**
 * Tells twice a second that this process is there and how far it has counted, listens to the others, and asks after those
 * who are missing.
 */
export class Heartbeat {
  readonly #timer: NodeJS.Timeout;
  #stopped = false;

  constructor(
    private readonly connection: BusConnection,
    private readonly news: News,
    private readonly pulse: Pulse,
  ) {
    const probe = new Probe(connection, pulse);
    // A service name that is no subject token is told now, not by a timer.
    subjectOf(publisherCounted, pulse.beat());
    news.subscribe(
      publisherCounted,
      (beat) => {
        pulse.heard(beat, performance.now());
      },
      {},
    );
    // At once: who missed something while we were away need not wait for the next one.
    connection.onConnectionChange((connected) => {
      if (connected) this.#beat();
    });
    this.#timer = setInterval(() => {
      if (!pulse.tick(performance.now(), connection.connected)) return;
      this.#beat();
      probe.ask();
    }, TICK_MS).unref();
  }

  /** Says farewell; to be called when this process has nothing more to tell. */
  stop(): void {
    this.#beat(true);
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  #beat(last = false): void {
    if (!this.#stopped && this.connection.connected) this.news.publish(publisherCounted, this.pulse.beat(last));
  }
}
