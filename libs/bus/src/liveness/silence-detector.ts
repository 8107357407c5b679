import type { Logger } from '@mystocks/telemetry';

/** A service is silent when no heartbeat of any of its instances came for this long. */
const SILENT_AFTER_MS = 1_500;
/** When our own heartbeat did not come back for this long, the bus itself may be stalled: no service is judged. */
const OWN_HEARTBEAT_WITHIN_MS = 900;
/** When a check comes this late, the process was held up, and heartbeats that arrived meanwhile are not read yet. */
const LATE_AFTER_MS = 750;

interface Watched {
  lastMs: number;
  silent: boolean;
}

/**
 * Finds services without heartbeats. It judges only in {@link check}, and only while this process receives its own
 * heartbeats: its own stall or lost connection says nothing about other services. Times are ms of a monotonic clock.
 */
export class SilenceDetector {
  readonly #watched = new Map<string, Watched>();
  #checkedMs = Number.NEGATIVE_INFINITY;
  /** Since then this process has been connected and was not held up. */
  #sinceMs = Number.NEGATIVE_INFINITY;
  #ownHeartbeatMs = Number.NEGATIVE_INFINITY;
  #stalled = false;
  readonly #stallListeners: ((stalled: boolean) => void)[] = [];
  readonly #silenceListeners: ((service: string, silent: boolean) => void)[] = [];

  /** Although connected, our own heartbeat did not come back for 1.5 s, and has not since: nothing gets through. */
  get isStalled(): boolean {
    return this.#stalled;
  }

  onStall(listener: (stalled: boolean) => void): void {
    this.#stallListeners.push(listener);
  }

  /** A service without any heartbeat so far becomes silent after the first 1.5 s of being watched. */
  isSilent(service: string): boolean {
    return this.#watch(service).silent;
  }

  onSilence(service: string, listener: (silent: boolean) => void): void {
    this.#watch(service);
    this.#silenceListeners.push((changed, silent) => {
      if (changed === service) listener(silent);
    });
  }

  /** Logs each change, of the bus and of every service that is watched. */
  logTo(log: Logger): void {
    this.#silenceListeners.push((service, silent) => {
      if (silent) log.warn({ silent: service }, 'a service is silent: no heartbeat of any instance for 1.5 s');
      else log.info({ silent: service }, 'a silent service sends heartbeats again');
    });
    this.onStall((stalled) => {
      if (stalled) log.warn('the bus is connected but carries nothing: our own heartbeat does not come back');
      else log.info('the bus carries messages again');
    });
  }

  /** To be called for each heartbeat; `own` marks those of this process. */
  received(service: string, own: boolean, nowMs: number): void {
    if (own) this.#receivedOwn(nowMs);
    const watched = this.#watched.get(service);
    if (watched === undefined) return;
    watched.lastMs = nowMs;
    this.#change(service, watched, false);
  }

  /**
   * To be called every 250 ms. Returns since when every heartbeat could arrive without interruption, or undefined while
   * heartbeats may be held up.
   */
  check(nowMs: number, connected: boolean): number | undefined {
    const late = nowMs - this.#checkedMs > LATE_AFTER_MS;
    this.#checkedMs = nowMs;
    if (late || !connected) {
      this.#sinceMs = nowMs;
      return undefined;
    }
    const missingMs = this.#ownMissingMs(nowMs);
    if (missingMs > SILENT_AFTER_MS) this.#setStalled(true);
    if (missingMs > OWN_HEARTBEAT_WITHIN_MS) return undefined;
    for (const [service, watched] of this.#watched)
      if (nowMs - Math.max(watched.lastMs, this.#sinceMs) > SILENT_AFTER_MS) this.#change(service, watched, true);
    return this.#sinceMs;
  }

  #receivedOwn(nowMs: number): void {
    // The heartbeats of other instances were delayed as well: the time they have to arrive starts again.
    if (this.#ownMissingMs(nowMs) > OWN_HEARTBEAT_WITHIN_MS) this.#sinceMs = nowMs;
    this.#ownHeartbeatMs = nowMs;
    this.#setStalled(false);
  }

  #setStalled(stalled: boolean): void {
    if (this.#stalled === stalled) return;
    this.#stalled = stalled;
    for (const listener of this.#stallListeners) listener(stalled);
  }

  #change(service: string, watched: Watched, silent: boolean): void {
    if (watched.silent === silent) return;
    watched.silent = silent;
    for (const listener of this.#silenceListeners) listener(service, silent);
  }

  #ownMissingMs(nowMs: number): number {
    return nowMs - Math.max(this.#ownHeartbeatMs, this.#sinceMs);
  }

  #watch(service: string): Watched {
    let watched = this.#watched.get(service);
    if (watched === undefined) {
      watched = { lastMs: this.#checkedMs, silent: false };
      this.#watched.set(service, watched);
    }
    return watched;
  }
}
