import { release } from '../../ingest/rows/release.js';

/**
 * Blocks that this instance staged last, up to so many bytes: most files are stored by the instance that took their
 * blocks in, soon after, and need not come back from the database. What is not held is read.
 */
export class HeldBlocks {
  #bytes = 0;
  // A Map keeps its order: the first is the oldest.
  readonly #held = new Map<string, Buffer>();

  constructor(private readonly bytesMax: number) {}

  hold(upload: string, firstLine: number, body: Buffer): void {
    this.take(upload, firstLine);
    this.#held.set(keyOf(upload, firstLine), body);
    this.#bytes += body.length;
    for (const [key, oldest] of this.#held) {
      if (this.#bytes <= this.bytesMax) return;
      this.#held.delete(key);
      this.#bytes -= oldest.length;
      release(oldest);
    }
  }

  /** Hands a block over; it is held no longer. Undefined when it is not held. */
  take(upload: string, firstLine: number): Buffer | undefined {
    const key = keyOf(upload, firstLine);
    const held = this.#held.get(key);
    if (held === undefined) return undefined;
    this.#held.delete(key);
    this.#bytes -= held.length;
    return held;
  }
}

const keyOf = (upload: string, firstLine: number): string => `${upload} ${firstLine}`;
