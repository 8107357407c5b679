import { describe, expect, it } from '@jest/globals';
import { WriteTimes } from './write-times.js';

describe('WriteTimes', () => {
  it('knows when any of some tags was last written', () => {
    const times = new WriteTimes();
    times.note(['a', 'b'], 1);
    times.note(['a'], 5);
    expect([times.lastOf(['b']), times.lastOf(['b', 'a']), times.lastOf(['b', 'c'])]).toEqual([1, 5, 1]);
    expect([times.lastOf([]), times.lastOf(['c'])]).toEqual([undefined, undefined]);
  });

  it('forgets what was longest not written', () => {
    const times = new WriteTimes(2);
    times.note(['a'], 1);
    times.note(['b'], 2);
    times.note(['a'], 3);
    times.note(['c'], 4);
    expect(['a', 'b', 'c'].map((tag) => times.lastOf([tag]))).toEqual([3, undefined, 4]);
  });
});
