import { describe, expect, it } from '@jest/globals';
import { stat } from 'node:fs/promises';
import { within } from './time-limit.js';

describe('patience', () => {
  it('ends after the time it was given', async () => {
    await expect(within(20, new Promise<void>(() => undefined))).rejects.toThrow('no answer in 20 ms');
  });

  it('does not take our own business for silence', async () => {
    const answer = within(40, stat('/'));
    // The answer arrives while nothing of this process runs.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60);
    await expect(answer).resolves.toBeDefined();
  });
});
