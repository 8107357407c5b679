import { ownerOf, type PublisherCounted } from '@mystocks/contracts';
import { EventCounter } from '../events/event-counter.js';
import { GapWatches } from '../events/gap-watches.js';
import { Instances, type LostInstance } from './instances.js';
import { SilenceDetector } from './silence-detector.js';

/** Interval at which {@link Liveness.check} is to be called. */
export const CHECK_MS = 250;
const CHECKS_PER_HEARTBEAT = 2;

/**
 * What this process learns from the heartbeats of all instances, its own included: which events it missed, which services
 * are silent, which instances are missing. It does no I/O and reads no clock, so that the real bus and the fake one of
 * the tests behave alike. Times are ms of a monotonic clock.
 */
export class Liveness {
  readonly counter = new EventCounter();
  readonly gaps = new GapWatches();
  readonly instances = new Instances();
  readonly silence = new SilenceDetector();
  #checks = 0;

  constructor(private readonly service: string) {
    this.silence.onStall((stalled) => {
      if (stalled) this.gaps.report(() => 'stalled');
    });
  }

  /** The heartbeat to send now. With `last` it says that this instance stops in order and has nothing more to publish. */
  heartbeat(last = false): PublisherCounted {
    const { publisher } = this.counter;
    return { service: this.service, publisher, counts: this.counter.counts(), ...(last && { last }) };
  }

  /** To be called for each heartbeat that arrives, also for those of this process. */
  received(heartbeat: PublisherCounted, nowMs: number): void {
    this.instances.received(heartbeat, nowMs);
    this.gaps.counted(heartbeat, nowMs);
    this.silence.received(heartbeat.service, heartbeat.publisher === this.counter.publisher, nowMs);
  }

  /** Finds what has become silent or missing; returns whether a heartbeat is due. */
  check(nowMs: number, connected: boolean): boolean {
    this.gaps.forgetOldPublishers(nowMs);
    const receivingSinceMs = this.silence.check(nowMs, connected);
    if (receivingSinceMs !== undefined) this.#reportLost(this.instances.removeSilent(nowMs, receivingSinceMs));
    this.#checks += 1;
    return this.#checks % CHECKS_PER_HEARTBEAT === 0;
  }

  #reportLost(lost: readonly LostInstance[]): void {
    if (lost.length === 0) return;
    this.gaps.report((subject) => {
      if (lost.some(({ published }) => published.includes(subject))) return 'lost';
      // A gateway publishes no events, so its crash cannot lose any.
      return lost.some(({ service }) => service === ownerOf({ subject })) ? 'unpublished' : undefined;
    });
  }
}
