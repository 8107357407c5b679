import { describe, expect, it } from '@jest/globals';
import { Failure } from '@mystocks/contracts';
import type { Logger } from '@mystocks/telemetry';
import { Complaints } from './complaints.js';

const away = new Failure('unavailable', 'The database cannot be reached', { cause: new Error('ECONNREFUSED') });
const busy = new Failure('unavailable', 'The service is busy', { problem: 'OVERLOADED', cause: new Error('full') });

describe('Complaints', () => {
  it('tells alike failures of one call once a second, and how many were not told', () => {
    let nowMs = 10_000;
    const told: object[] = [];
    const log = { warn: (facts: object) => told.push(facts) } as unknown as Logger;
    const complaints = new Complaints(log, { now: () => nowMs });
    for (let call = 0; call < 1_000; call += 1) complaints.make(away, 'bars');
    expect(told).toEqual([{ err: away, subject: 'bars' }]);
    nowMs += 1_000;
    complaints.make(away, 'bars');
    expect(told[1]).toEqual({ err: away, subject: 'bars', alike_before: 999 });
  });

  it('does not take one reason, or one call, for another', () => {
    const told: object[] = [];
    const log = { warn: (facts: object) => told.push(facts) } as unknown as Logger;
    const complaints = new Complaints(log);
    complaints.make(away, 'bars');
    complaints.make(busy, 'bars');
    complaints.make(away, 'quotes');
    expect(told).toHaveLength(3);
  });
});
