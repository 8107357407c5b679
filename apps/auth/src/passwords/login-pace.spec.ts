import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Failure } from '@mystocks/contracts';
import { LoginPace } from './login-pace.js';

let pace: LoginPace;
const fail = (address: string, code: 'unauthenticated' | 'rate_limited' = 'unauthenticated'): Promise<void> =>
  pace.counting(address, () => Promise.reject(new Failure(code, code))).catch(() => undefined);
async function failures(address: string, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) await fail(address);
}

beforeEach(() => {
  jest.useFakeTimers();
  pace = new LoginPace();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('LoginPace', () => {
  it('lets a login begin a second after the twentieth failure, and a second after each login that began', async () => {
    await failures('a', 19);
    expect(pace.waitMs('a')).toBeUndefined();
    await fail('a', 'rate_limited');
    expect(pace.waitMs('a')).toBe(1_000);
    jest.advanceTimersByTime(1_500);
    expect(pace.waitMs('a')).toBe(0);
    pace.begin('a');
    jest.advanceTimersByTime(250);
    await fail('a');
    expect([pace.waitMs('a'), pace.waitMs('b')]).toEqual([750, undefined]);
  });

  it('gives back the outcome of the login', async () => {
    expect(await pace.counting('a', () => Promise.resolve('token'))).toBe('token');
    await expect(pace.counting('a', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  });

  it('remembers 10,000 addresses, and drops the one that failed longest ago for another', async () => {
    await failures('first', 20);
    await failures('second', 20);
    await fail('first');
    for (let index = 0; index < 9_999; index += 1) await fail(`10.0.${index >> 8}.${index & 255}`);
    expect([pace.waitMs('first'), pace.waitMs('second')]).toEqual([1_000, undefined]);
  });
});
