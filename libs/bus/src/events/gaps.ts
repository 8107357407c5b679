import type { Place } from './numbers.js';

/** A publisher that was not heard for so long is forgotten; should it come back, that counts as a gap. */
const FORGOTTEN_AFTER_MS = 60_000;

interface Seen {
  readonly number: number;
  readonly heardMs: number;
}

/**
 * Finds what one subscription missed of one event, from the running numbers of its publishers. A number beyond what a
 * publisher itself says it has sent is a false one: it counts as a gap, and the publisher's own count is believed again,
 * so that it hides no later loss. A publisher never heard
 * of counts as one that has told nothing: if it has, it was missed. So who has just begun to listen is told once of a
 * gap, and who listened when a publisher began is not. Times are ms of any one clock.
 */
export class Gaps {
  /** Least lately heard first. */
  readonly #seen = new Map<string, Seen>();

  constructor(
    private readonly onGap: () => void,
    private readonly publishersMax = 1_000,
  ) {}

  /** A message came. Numbers of one publisher come in order, but for what an old connection of it still delivers. */
  received({ publisher, number }: Place, nowMs: number): void {
    const before = this.#note(publisher, number, nowMs);
    if (number > before + 1) this.onGap();
  }

  /** The publisher says that it has told so many. */
  counted(publisher: string, sent: number, nowMs: number): void {
    const before = this.#note(publisher, sent, nowMs);
    if (sent < before) this.#seen.set(publisher, { number: sent, heardMs: nowMs });
    if (sent !== before) this.onGap();
  }

  /** Forgets publishers that are gone. */
  age(nowMs: number): void {
    for (const [publisher, { heardMs }] of this.#seen) {
      if (nowMs - heardMs <= FORGOTTEN_AFTER_MS) return;
      this.#seen.delete(publisher);
    }
  }

  /** How many publishers are remembered. */
  get size(): number {
    return this.#seen.size;
  }

  #note(publisher: string, number: number, nowMs: number): number {
    const before = this.#seen.get(publisher)?.number ?? 0;
    this.#seen.delete(publisher);
    this.#seen.set(publisher, { number: Math.max(before, number), heardMs: nowMs });
    if (this.#seen.size > this.publishersMax) {
      const [oldest] = this.#seen.keys();
      if (oldest !== undefined) this.#seen.delete(oldest);
    }
    return before;
  }
}
