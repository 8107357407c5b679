import { PassThrough } from 'node:stream';
import { Failure } from '@mystocks/contracts';
import type { TalliedItem } from './tally.js';

/** A client that asked for refused lines and reads none for this long is cut off. */
const UNREAD_MAX_MS = 10_000;
const BUFFERED_MAX_BYTES = 1_048_576;

/** Refused lines of a batch as NDJSON, written while the batch is stored, in the order of the file. */
export class RefusedLines {
  readonly body = new PassThrough({ highWaterMark: BUFFERED_MAX_BYTES });
  /** Resolves when the first line was written: from then on the status of the answer is out. */
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

  /** Ends the answer with the report of the whole, or with why it broke off. */
  end(last: object): void {
    this.body.end(`${JSON.stringify(last)}\n`);
  }

  async #send(text: string): Promise<void> {
    this.#begin();
    if (this.body.destroyed) throw new Failure('timeout', 'The client stopped reading the refused lines');
    if (this.body.write(text)) return;
    await new Promise<void>((resolve, reject) => {
      const stop = (error?: Failure): void => {
        clearTimeout(timer);
        this.body.off('drain', onDrain).off('close', onClose);
        if (error === undefined) resolve();
        else reject(error);
      };
      const onDrain = (): void => {
        stop();
      };
      const onClose = (): void => {
        stop(new Failure('timeout', 'The client stopped reading the refused lines'));
      };
      const timer = setTimeout(() => this.body.destroy(), UNREAD_MAX_MS);
      this.body.once('drain', onDrain).once('close', onClose);
    });
  }
}
