import { PassThrough } from 'node:stream';
import { Failure } from '@mystocks/contracts';
import type { TalliedItem } from '../files/tally.js';

/** A client that asked for refused lines and reads none for this long is cut off. */
const UNREAD_MAX_MS = 10_000;
/** The buffer is small, so that a client that reads slowly is seen to read: each time it is empty the wait begins anew. */
const BUFFERED_MAX_BYTES = 65_536;
const PIECE_BYTES = 16_384;

/** Refused lines of a batch as NDJSON, written while the batch is stored, in the order of the file. */
export class RefusedLines {
  readonly body = new PassThrough({ highWaterMark: BUFFERED_MAX_BYTES });
  /** Resolves when the first line was written: from then on the status of the answer cannot change. */
  readonly begun: Promise<void>;
  #begin: () => void = () => undefined;
  #written: Promise<void> = Promise.resolve();

  constructor() {
    this.begun = new Promise((resolve) => (this.#begin = resolve));
  }

  /**
   * Writes the lines of a block once those of all earlier blocks are written. Call it in the order of the blocks.
   * @throws what `items` throws; {Failure} `timeout` when the client does not read
   */
  async write(items: Promise<readonly TalliedItem[]>): Promise<void> {
    const before = this.#written;
    let done: () => void = () => undefined;
    this.#written = new Promise((resolve) => (done = resolve));
    try {
      const refused = await items;
      await before;
      if (refused.length > 0) await this.#send(refused.map((item) => `${JSON.stringify(item)}\n`).join(''));
    } finally {
      done();
    }
  }

  /** Ends the answer with the report of the whole batch, or with the reason why it broke off. */
  end(last: object): void {
    this.body.end(`${JSON.stringify(last)}\n`);
  }

  async #send(text: string): Promise<void> {
    this.#begin();
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      if (this.body.destroyed) throw stoppedReading();
      if (!this.body.write(bytes.subarray(at, at + PIECE_BYTES))) await this.#drained();
    }
  }

  /** @throws {Failure} `timeout` when the client reads nothing or has disconnected */
  #drained(): Promise<void> {
    return new Promise((resolve, reject) => {
      const onDrain = (): void => {
        clearTimeout(timer);
        this.body.off('close', onClose);
        resolve();
      };
      const onClose = (): void => {
        clearTimeout(timer);
        this.body.off('drain', onDrain);
        reject(stoppedReading());
      };
      const timer = setTimeout(() => this.body.destroy(), UNREAD_MAX_MS);
      this.body.once('drain', onDrain).once('close', onClose);
    });
  }
}

const stoppedReading = (): Failure => new Failure('timeout', 'The client stopped reading the refused lines');
