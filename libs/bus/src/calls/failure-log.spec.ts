import { describe, expect, it } from '@jest/globals';
import { Failure } from '@mystocks/contracts';
import type { Logger } from '@mystocks/telemetry';
import { FailureLog } from './failure-log.js';

const away = new Failure('unavailable', 'The database cannot be reached', { cause: new Error('ECONNREFUSED') });
const busy = new Failure('unavailable', 'The service is busy', { problem: 'OVERLOADED', cause: new Error('full') });

describe('FailureLog', () => {
  it('logs similar failures of one call once a second, with the number of suppressed ones', () => {
    let nowMs = 10_000;
    const lines: object[] = [];
    const log = { warn: (fields: object) => lines.push(fields) } as unknown as Logger;
    const failures = new FailureLog(log, { now: () => nowMs });
    for (let call = 0; call < 1_000; call += 1) failures.write(away, 'bars');
    expect(lines).toEqual([{ err: away, subject: 'bars' }]);
    nowMs += 1_000;
    failures.write(away, 'bars');
    expect(lines[1]).toEqual({ err: away, subject: 'bars', alike_before: 999 });
  });

  it('logs failures of another reason or of another call separately', () => {
    const lines: object[] = [];
    const log = { warn: (fields: object) => lines.push(fields) } as unknown as Logger;
    const failures = new FailureLog(log);
    failures.write(away, 'bars');
    failures.write(busy, 'bars');
    failures.write(away, 'quotes');
    expect(lines).toHaveLength(3);
  });
});
