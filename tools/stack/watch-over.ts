import { sleep, type ManagedProcess } from '@mystocks/testing';

const WINDOW_MS = 60_000;
/** The pause before a restart doubles with every end within a minute, up to this. */
const PAUSE_MAX_MS = 15_000;
/** From so many ends within a minute on it is said that something is wrong. */
const OFTEN = 5;

/** Programs that are brought back when they die. */
export class WatchOver {
  #watching = true;
  readonly #say: (line: string) => void;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  /** Brings `process` back whenever it dies, after a pause that grows while it dies often; it never gives up. */
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
      diedAtMs.push(nowMs);
      const pauseMs = Math.min(PAUSE_MAX_MS, 100 * 2 ** diedAtMs.length);
      if (diedAtMs.length >= OFTEN) {
        const count = `${name} died ${String(diedAtMs.length)} times in a minute`;
        this.#say(`${count}: the next try is in ${(pauseMs / 1_000).toFixed(1)} s. See ${logFile}`);
      }
      await sleep(pauseMs);
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
