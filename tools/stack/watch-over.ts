import { sleep, type ManagedProcess } from '@mystocks/testing';

const RESTARTS_MAX = 5;
const WINDOW_MS = 60_000;

/** Programs that are brought back when they die. */
export class WatchOver {
  #watching = true;
  readonly #say: (line: string) => void;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  /** Brings `process` back whenever it dies, at most 5 times a minute. */
  add(process: ManagedProcess): void {
    const diedAtMs: number[] = [];
    let healing = false;
    process.onExit(({ code, signal }) => {
      if (!this.#watching || healing) return;
      healing = true;
      this.#say(`${process.launch.name} died (${String(signal ?? code)})`);
      void this.#heal(process, diedAtMs).finally(() => (healing = false));
    });
  }

  /** From now on an end is what was asked for. */
  stop(): void {
    this.#watching = false;
  }

  async #heal(process: ManagedProcess, diedAtMs: number[]): Promise<void> {
    const { name, logFile = '' } = process.launch;
    while (this.#watching) {
      const nowMs = Date.now();
      while (diedAtMs[0] !== undefined && diedAtMs[0] < nowMs - WINDOW_MS) diedAtMs.shift();
      if (diedAtMs.length >= RESTARTS_MAX) {
        this.#say(`${name} died ${String(RESTARTS_MAX)} times in a minute: it stays down. See ${logFile}`);
        return;
      }
      diedAtMs.push(nowMs);
      await sleep(100 * 2 ** diedAtMs.length);
      if (!this.#watching) return;
      try {
        await process.start();
        this.#say(`${name} is back after ${String(Date.now() - nowMs)} ms`);
        return;
      } catch (error) {
        if (this.#watching) this.#say(error instanceof Error ? error.message : String(error));
      }
    }
  }
}
