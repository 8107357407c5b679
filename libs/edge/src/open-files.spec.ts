import { expect, it } from '@jest/globals';
import { connectionsWithin } from './open-files.js';

it.each([
  [10_000, undefined, 10_000],
  [10_000, 20_000, 10_000],
  [10_000, 4_096, 3_596],
  [10_000, 256, 128],
])('Of %d connections, %s open files allow %d', (wanted, filesMax, possible) => {
  expect(connectionsWithin(wanted, filesMax)).toBe(possible);
});
