import { describe, expect, it } from '@jest/globals';
import { isInRotation, lagMs } from './replica-lag.js';
import type { ServerState } from './server-state.js';

const primary: ServerState = {
  inRecovery: false,
  lsn: '0/5000000',
  timeline: '00000002',
  beatMs: 60_000,
  beatDue: false,
};
const replica = (state: Partial<ServerState>): ServerState => ({ ...primary, inRecovery: true, ...state });

describe('the lag of a replica', () => {
  it('the lag of a replica is 0 when the replica shows all that the primary had, however old its heartbeat is', () => {
    expect(lagMs(replica({ beatMs: 0 }), primary)).toBe(0);
    expect(lagMs(replica({ lsn: '0/5000001' }), primary)).toBe(0);
  });

  it('the lag of a replica is the difference of the heartbeats when the replica shows less than the primary had', () => {
    expect(lagMs(replica({ lsn: '0/4FFFFFF', beatMs: 58_500 }), primary)).toBe(1_500);
    expect(lagMs(replica({ lsn: '0/4FFFFFF' }), primary)).toBe(0);
  });

  it('the lag of a replica is infinite when the replica is on another timeline', () => {
    expect(lagMs(replica({ lsn: 'F/0', timeline: '00000001' }), primary)).toBe(Infinity);
  });

  it('takes a replica out of rotation above 1 s of lag and back in at 0.5 s', () => {
    expect([900, 1_001].map((lag) => isInRotation(true, lag))).toEqual([true, false]);
    expect([900, 501, 500, 0].map((lag) => isInRotation(false, lag))).toEqual([false, false, true, true]);
  });
});
