/** So long without a beat of any of its instances, and a service is silent. */
const SILENT_AFTER_MS = 1_500;
/** Without our own beat coming back for so long, nobody's silence says anything: the bus may be what is silent. */
const ECHO_WITHIN_MS = 900;
/** A look so late was held up, and what came meanwhile is not read yet. */
const LATE_AFTER_MS = 750;

interface Watched {
  readonly service: string;
  heardMs: number;
  silent: boolean;
  readonly listeners: ((silent: boolean) => void)[];
}

/**
 * Who can be heard on the bus. Judged only at {@link look}, and only while this process itself hears: neither its own
 * stall nor its own lost connection is anybody else's silence. Times are ms of a monotonic clock.
 */
export class Hearing {
  readonly #watched = new Map<string, Watched>();
  #lookedMs = Number.NEGATIVE_INFINITY;
  /** Undisturbed since then. */
  #sinceMs = Number.NEGATIVE_INFINITY;
  #echoMs = Number.NEGATIVE_INFINITY;
  #deaf = false;
  readonly #deafListeners: ((deaf: boolean) => void)[] = [];
  readonly #silenceListeners: ((service: string, silent: boolean) => void)[] = [];

  /** While connected our own beat did not come back for 1.5 s, and it has not since: nothing is heard, nobody is reached. */
  get isDeaf(): boolean {
    return this.#deaf;
  }

  onDeafness(listener: (deaf: boolean) => void): void {
    this.#deafListeners.push(listener);
  }

  /** A service never heard is not silent before the first 1.5 s of listening are over. */
  isSilent(service: string): boolean {
    return this.#watch(service).silent;
  }

  onSilence(service: string, listener: (silent: boolean) => void): void {
    this.#watch(service).listeners.push(listener);
  }

  /** As {@link onSilence}, of every service that anybody here has asked about. */
  onAnySilence(listener: (service: string, silent: boolean) => void): void {
    this.#silenceListeners.push(listener);
  }

  /** A beat came; `own` is this process's. */
  heard(service: string, own: boolean, nowMs: number): void {
    if (own) this.#heardOurselves(nowMs);
    const watched = this.#watched.get(service);
    if (watched === undefined) return;
    watched.heardMs = nowMs;
    this.#change(watched, false);
  }

  /**
   * To be called every 250 ms. Answers since when everybody could be heard without a break; undefined when they cannot.
   */
  look(nowMs: number, connected: boolean): number | undefined {
    const late = nowMs - this.#lookedMs > LATE_AFTER_MS;
    this.#lookedMs = nowMs;
    if (late || !connected) {
      this.#sinceMs = nowMs;
      return undefined;
    }
    const unheardMs = this.#unheardMs(nowMs);
    if (unheardMs > SILENT_AFTER_MS) this.#setDeaf(true);
    if (unheardMs > ECHO_WITHIN_MS) return undefined;
    for (const watched of this.#watched.values())
      if (nowMs - Math.max(watched.heardMs, this.#sinceMs) > SILENT_AFTER_MS) this.#change(watched, true);
    return this.#sinceMs;
  }

  #heardOurselves(nowMs: number): void {
    // The others' beats were held up as ours was: they are given time to come.
    if (this.#unheardMs(nowMs) > ECHO_WITHIN_MS) this.#sinceMs = nowMs;
    this.#echoMs = nowMs;
    this.#setDeaf(false);
  }

  #setDeaf(deaf: boolean): void {
    if (this.#deaf === deaf) return;
    this.#deaf = deaf;
    for (const listener of this.#deafListeners) listener(deaf);
  }

  #change(watched: Watched, silent: boolean): void {
    if (watched.silent === silent) return;
    watched.silent = silent;
    for (const listener of this.#silenceListeners) listener(watched.service, silent);
    for (const listener of watched.listeners) listener(silent);
  }

  #unheardMs(nowMs: number): number {
    return nowMs - Math.max(this.#echoMs, this.#sinceMs);
  }

  #watch(service: string): Watched {
    let watched = this.#watched.get(service);
    if (watched === undefined) {
      watched = { service, heardMs: this.#lookedMs, silent: false, listeners: [] };
      this.#watched.set(service, watched);
    }
    return watched;
  }
}
