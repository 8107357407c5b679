import { publisherCounted } from '@mystocks/contracts';
import type { Events } from '../events/events.js';
import type { BusConnection } from '../wire/connection.js';
import { subjectOf } from '../wire/subject.js';
import { CHECK_MS, type Liveness } from './liveness.js';
import { MissingInstanceProbe } from './missing-instance-probe.js';

/**
 * Sends this process's heartbeat twice a second, passes every heartbeat that arrives to {@link Liveness}, and probes the
 * instances that are missing.
 */
export class HeartbeatSender {
  readonly #timer: NodeJS.Timeout;
  #stopped = false;

  constructor(
    private readonly connection: BusConnection,
    private readonly events: Events,
    private readonly liveness: Liveness,
  ) {
    const probe = new MissingInstanceProbe(connection, liveness.instances);
    // A service name that cannot be part of a subject throws here, not in a timer.
    subjectOf(publisherCounted, liveness.heartbeat());
    events.subscribe(
      publisherCounted,
      (heartbeat) => {
        liveness.received(heartbeat, performance.now());
      },
      {},
    );
    // A heartbeat on reconnect: subscribers that missed events meanwhile need not wait for the next one.
    connection.onConnectionChange((connected) => {
      if (connected) this.#send();
    });
    this.#timer = setInterval(() => {
      if (!liveness.check(performance.now(), connection.connected)) return;
      this.#send();
      probe.send();
    }, CHECK_MS).unref();
  }

  /** Sends the last heartbeat; to be called when this process has nothing more to publish. */
  stop(): void {
    this.#send(true);
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  #send(last = false): void {
    if (!this.#stopped && this.connection.connected)
      this.events.publish(publisherCounted, this.liveness.heartbeat(last));
  }
}
