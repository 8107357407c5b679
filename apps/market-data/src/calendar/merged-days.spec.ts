import { describe, expect, it } from '@jest/globals';
import { daysToWrite } from './merged-days.js';

const closed = (days: number): string => '0'.repeat(days);
const refusal = (message: string): unknown =>
  expect.objectContaining({ code: 'unprocessable', message: expect.stringContaining(message) as unknown });

describe('a list of days is stored into the calendar', () => {
  const held = { from: '2024-06-03', states: `33333003${closed(15)}` };

  it('a list of days is stored into the calendar with the closed days between its first day and the end of the calendar', () => {
    expect(daysToWrite({ from: '2024-06-03', states: '33333' }, { from: '2024-06-10', states: '33' })).toEqual({
      from: '2024-06-08',
      states: '0033',
    });
  });

  it('unless it names no trading day for a year', () => {
    const list = { from: '2024-06-24', states: `3${closed(365)}3` };
    expect(() => daysToWrite(held, list)).toThrow(refusal('leaves out 365 days in a row'));
  });

  it('unless closed days at its start follow stored ones, and both together are too many', () => {
    const list = { from: '2024-06-26', states: `${closed(10)}3` };
    expect(() => daysToWrite(held, list)).toThrow(refusal('leaves out 25 days in a row'));
  });

  it('unless closed days at its end precede stored ones, and both together are too many', () => {
    const list = { from: '2024-06-04', states: `3${closed(7)}` };
    expect(() => daysToWrite(held, list)).toThrow(refusal('leaves out 21 days in a row'));
  });
});
