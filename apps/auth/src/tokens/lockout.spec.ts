import { describe, expect, it } from '@jest/globals';
import { accountLockSeconds, lockSeconds } from './lockout.js';

describe('lockSeconds', () => {
  it('costs nothing for nine failures, then doubles from a second to 15 minutes, then a day from the hundredth on', () => {
    expect(lockSeconds.slice(0, 9)).toEqual(Array(9).fill(0));
    expect(lockSeconds.slice(9, 21)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
    expect(lockSeconds.slice(21, 99)).toEqual(Array(78).fill(900));
    expect(lockSeconds[99]).toBe(86_400);
    expect(lockSeconds).toHaveLength(100);
  });
});

describe('accountLockSeconds', () => {
  it('costs nothing for 99 failures, then a day', () => {
    expect(accountLockSeconds.slice(0, 99)).toEqual(Array(99).fill(0));
    expect(accountLockSeconds.slice(99)).toEqual([86_400]);
  });
});
