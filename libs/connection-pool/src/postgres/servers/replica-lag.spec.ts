import { describe, expect, it } from '@jest/globals';
import { isNearEnough, lagMs } from './replica-lag.js';
import type { Sight } from './server-state.js';

const primary: Sight = {
  inRecovery: false,
  lsn: '0/5000000',
  timeline: '00000002',
  beatMs: 60_000,
  beatDue: false,
};
const replica = (sight: Partial<Sight>): Sight => ({ ...primary, inRecovery: true, ...sight });

describe('the lag of a replica', () => {
  it('is nothing when it shows all the primary had, however old the beats are', () => {
    expect(lagMs(replica({ beatMs: 0 }), primary)).toBe(0);
    expect(lagMs(replica({ lsn: '0/5000001' }), primary)).toBe(0);
  });

  it('is the age of its newest beat beside the primary’s when it shows less', () => {
    expect(lagMs(replica({ lsn: '0/4FFFFFF', beatMs: 58_500 }), primary)).toBe(1_500);
    expect(lagMs(replica({ lsn: '0/4FFFFFF' }), primary)).toBe(0);
  });

  it('is beyond measure on another timeline, whatever position it shows', () => {
    expect(lagMs(replica({ lsn: 'F/0', timeline: '00000001' }), primary)).toBe(Infinity);
  });

  it('lets a replica go at one second and come back at half of it', () => {
    expect([900, 1_001].map((lag) => isNearEnough(true, lag))).toEqual([true, false]);
    expect([900, 501, 500, 0].map((lag) => isNearEnough(false, lag))).toEqual([false, false, true, true]);
  });
});
