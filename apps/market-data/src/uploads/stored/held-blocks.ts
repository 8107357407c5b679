import { release } from '../../ingest/rows/release.js';

/**
 * Keeps the blocks that this instance staged last in memory, up to a number of bytes. Most files are stored soon afterwards
 * by the instance that received them, which then need not read them from the database.
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

  /** Removes a block and returns it; returns undefined when the block is not in memory. */
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
