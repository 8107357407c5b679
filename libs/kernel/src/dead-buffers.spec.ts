import { expect, it } from '@jest/globals';
import { DeadBuffers } from './dead-buffers.js';

const MEGABYTE = 2 ** 20;

it('keeps the buffers that went by from piling up', () => {
  const dead = new DeadBuffers();
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  for (let megabytes = 0; megabytes < 256; megabytes += 1) {
    dead.passed(Buffer.allocUnsafeSlow(MEGABYTE).length);
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }
  expect(most).toBeLessThan(32 * MEGABYTE);
});
