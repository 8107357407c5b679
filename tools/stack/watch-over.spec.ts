import type { Exit, ManagedProcess } from '@mystocks/testing';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { WatchOver } from './watch-over.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** A program that is told when to die. */
class Program {
  readonly launch = { name: 'nats-server', logFile: 'nats.log' };
  starts = 0;
  #ended: (exit: Exit) => void = () => undefined;

  onExit(listener: (exit: Exit) => void): void {
    this.#ended = listener;
  }

  start(): Promise<void> {
    this.starts += 1;
    return Promise.resolve();
  }

  die(): void {
    this.#ended({ code: 1, signal: null });
  }
}

describe('a program that dies again and again', () => {
  it('a program that dies again and again is always brought back, after pauses of at most 15 s, and its log is named', async () => {
    const said: string[] = [];
    const watch = new WatchOver((line) => said.push(line));
    const program = new Program();
    watch.add(program as unknown as ManagedProcess);
    for (let death = 1; death <= 20; death += 1) {
      program.die();
      await jest.advanceTimersByTimeAsync(15_000);
      expect(program.starts).toBe(death);
    }
    program.die();
    await jest.advanceTimersByTimeAsync(0);
    expect(said.filter((line) => line.includes('is back')).length).toBe(20);
  });

  it('within a minute is started after longer and longer pauses, and says so', async () => {
    const said: string[] = [];
    const watch = new WatchOver((line) => said.push(line));
    const program = new Program();
    watch.add(program as unknown as ManagedProcess);
    for (const pauseMs of [200, 400, 800, 1_600, 3_200]) {
      const before = program.starts;
      program.die();
      await jest.advanceTimersByTimeAsync(pauseMs - 1);
      expect(program.starts).toBe(before);
      await jest.advanceTimersByTimeAsync(1);
      expect(program.starts).toBe(before + 1);
    }
    expect(said.at(-2)).toBe('nats-server died 5 times in a minute: the next try is in 3.2 s. See nats.log');
    watch.stop();
  });
});
