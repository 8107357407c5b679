import { readFile } from 'node:fs/promises';

const EVERY_MS = 1_000;
/** State of an established connection in /proc/net/tcp. */
const ESTABLISHED = '01';

/**
 * Counts the connections that a server's port really has open, once a second, from the kernel's own table: what an
 * engine says it opened is its word only.
 */
export class OpenConnections {
  /** One number a look, oldest first; stays empty where there is no /proc (not Linux). */
  readonly looks: number[] = [];
  readonly #local: RegExp;
  #timer: NodeJS.Timeout | undefined;

  constructor(url: string) {
    const port = Number(new URL(url).port).toString(16).toUpperCase().padStart(4, '0');
    // "  12: 0100007F:1F90 0100007F:C350 01 …": number, own address, the other's address, state.
    this.#local = new RegExp(`^ *\\d+: [0-9A-F]{8}:${port} [0-9A-F]{8}:[0-9A-F]{4} ${ESTABLISHED} `, 'gm');
  }

  start(): void {
    this.#timer = setInterval(() => void this.#look(), EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const table = await readFile('/proc/net/tcp', 'ascii').catch(() => undefined);
    if (table !== undefined) this.looks.push(table.match(this.#local)?.length ?? 0);
  }
}
