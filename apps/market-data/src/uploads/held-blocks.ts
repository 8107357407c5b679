import { release } from '../ingest/release.js';

interface Held {
  readonly upload: string;
  readonly firstLine: number;
  readonly body: Buffer;
}

/**
 * Blocks that this instance staged last, up to so many bytes: most files are stored by the instance that took their
 * blocks in, soon after, and need not come back from the database. What is not held is read.
 */
export class HeldBlocks {
  #bytes = 0;
  // A Map keeps its order: the first is the oldest.
  readonly #held = new Map<string, Held>();

  constructor(private readonly bytesMax: number) {}

  hold(upload: string, firstLine: number, body: Buffer): void {
    this.take(upload, firstLine);
    this.#held.set(keyOf(upload, firstLine), { upload, firstLine, body });
    this.#bytes += body.length;
    for (const [key, oldest] of this.#held) {
      if (this.#bytes <= this.bytesMax) return;
      this.#held.delete(key);
      this.#bytes -= oldest.body.length;
      release(oldest.body);
    }
  }

  /** Numbers of the first lines of an upload's blocks that are held. */
  of(upload: string): number[] {
    return [...this.#held.values()].filter((held) => held.upload === upload).map(({ firstLine }) => firstLine);
  }

  /** Hands a block over; it is held no longer. */
  take(upload: string, firstLine: number): Buffer | undefined {
    const key = keyOf(upload, firstLine);
    const held = this.#held.get(key);
    if (held === undefined) return undefined;
    this.#held.delete(key);
    this.#bytes -= held.body.length;
    return held.body;
  }
}

const keyOf = (upload: string, firstLine: number): string => `${upload} ${firstLine}`;
