import { describe, expect, it } from '@jest/globals';
import { Failure } from '@mystocks/contracts';
import { isFinal, verdictOf } from './verdict.js';

describe('a file that was read to its end', () => {
  it.each([
    [{ total: 3, failed: 0 }, true, 'succeeded'],
    [{ total: 3, failed: 1 }, true, 'partial'],
    [{ total: 3, failed: 3 }, true, 'failed'],
    [{ total: 3, failed: 1 }, false, 'failed'],
    [{ total: 0, failed: 0 }, true, 'failed'],
  ] as const)('%j, good lines stored: %s, has %s', (counts, stored, status) => {
    expect(verdictOf(counts, stored).status).toBe(status);
  });
});

it('an upload is tried again after what may pass, and not after what the file itself is', () => {
  expect(isFinal(new Failure('invalid', 'no such column'))).toBe(true);
  for (const code of ['unavailable', 'timeout', 'conflict', 'internal'] as const) {
    expect(isFinal(new Failure(code, 'later'))).toBe(false);
  }
  expect(isFinal(new Error('a bug'))).toBe(false);
});
