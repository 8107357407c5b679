import { Worker } from 'node:worker_threads';

/** From when to when, epoch ms. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A test file that failed, and when it ran. */
export interface FailedFile extends Span {
  readonly path: string;
}

const EVERY_MS = 100;
const LATE_MS = 1_000;
const AGAIN_MAX = 3;

/** It has nothing to do but to look at the clock, so it is late only if the machine is. */
const IDLE = `
  const { parentPort, workerData: { everyMs, lateMs } } = require('node:worker_threads');
  let last = { wall: Date.now(), monotonic: performance.now() };
  setInterval(() => {
    const now = { wall: Date.now(), monotonic: performance.now() };
    const passed = now.monotonic - last.monotonic;
    const set = now.wall - last.wall - passed;
    if (passed - everyMs > lateMs || Math.abs(set) > lateMs)
      parentPort.postMessage({ fromMs: Math.min(last.wall, now.wall), toMs: Math.max(last.wall, now.wall) });
    last = now;
  }, everyMs);`;

/**
 * Watches whether the machine stands still: a thread that does nothing wakes more than a second late, or the clock is set
 * by as much. Virtual machines that share their cores do that for seconds, and deadlines pass meanwhile.
 */
export class StallWatch {
  readonly seen: Span[] = [];
  readonly #idle = new Worker(IDLE, { eval: true, execArgv: [], workerData: { everyMs: EVERY_MS, lateMs: LATE_MS } });

  constructor() {
    this.#idle.on('message', (stall: Span) => this.seen.push(stall));
    this.#idle.unref();
  }

  async stop(): Promise<void> {
    await this.#idle.terminate();
  }
}

/**
 * The failed files that are worth running again: all of them, when the machine stood still during each; none when that
 * explains not all of it, or they are more than three.
 */
export function toRunAgain(failed: readonly FailedFile[], stalls: readonly Span[]): readonly string[] {
  const isExplained = (file: FailedFile): boolean =>
    stalls.some(({ fromMs, toMs }) => fromMs <= file.toMs && toMs >= file.fromMs);
  return failed.length <= AGAIN_MAX && failed.every(isExplained) ? failed.map(({ path }) => path) : [];
}
