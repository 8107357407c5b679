import { describe, expect, it } from '@jest/globals';
import { stat } from 'node:fs/promises';
import { atMost, withTimeLimit } from './time-limit.js';

describe('withTimeLimit', () => {
  it('rejects after the time limit', async () => {
    await expect(withTimeLimit(20, new Promise<void>(() => undefined))).rejects.toThrow('no answer in 20 ms');
  });

  it('resolves when the process was blocked past the limit but the result had arrived', async () => {
    const answer = withTimeLimit(40, stat('/'));
    // The answer arrives while nothing of this process runs.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60);
    await expect(answer).resolves.toBeDefined();
  });
});

describe('atMost', () => {
  it('ends with the work, after the limit, and whether or not the work fails', async () => {
    await atMost(60_000, Promise.resolve());
    await atMost(60_000, Promise.reject(new Error('ignored')));
    await atMost(1, new Promise(() => undefined));
  });
});
