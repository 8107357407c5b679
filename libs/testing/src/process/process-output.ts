import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Readable } from 'node:stream';

const KEPT_BYTES = 262_144;

/** What a program printed since it was started: in memory, or at the end of its log file. */
export class ProcessOutput {
  #memory = '';
  #startsAt = 0;

  constructor(private readonly logFile: string | undefined) {}

  /** Begins anew. Gives the descriptor the program writes to, or undefined when it is to be followed. */
  begin(): number | undefined {
    this.#memory = '';
    if (this.logFile === undefined) return undefined;
    const descriptor = openSync(this.logFile, 'a', 0o600);
    this.#startsAt = fstatSync(descriptor).size;
    return descriptor;
  }

  follow(stream: Readable | null): void {
    stream?.setEncoding('utf8').on('data', (text: string) => this.add(text));
    // Reading what a child prints must not keep this process alive.
    (stream as { unref?: () => void } | null)?.unref?.();
  }

  add(text: string): void {
    this.#memory = (this.#memory + text).slice(-KEPT_BYTES);
  }

  /** The last 256 KiB. */
  text(): string {
    if (this.logFile === undefined) return this.#memory;
    const descriptor = openSync(this.logFile, 'r');
    try {
      const { size } = fstatSync(descriptor);
      const from = Math.max(this.#startsAt, size - KEPT_BYTES);
      const bytes = Buffer.alloc(Math.max(0, size - from));
      readSync(descriptor, bytes, 0, bytes.length, from);
      return bytes.toString('utf8') + this.#memory;
    } finally {
      closeSync(descriptor);
    }
  }
}
