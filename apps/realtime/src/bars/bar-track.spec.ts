import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BarTrack } from './bar-track.js';

describe('BarTrack', () => {
  it('gives the bars of a commit offsets of their own, the last one the position of the commit', () => {
    const track = new BarTrack();
    expect(track.offsets(1_000, 3)).toEqual([998, 999, 1_000]);
    expect(track.offsets(1_500, 1)).toEqual([1_500]);
    expect(track.offset).toBe(1_500);
  });

  it('notices a commit that is announced twice, or after a later one', () => {
    const track = new BarTrack();
    expect([100, 100, 90, 110].map((commit) => track.arrived(commit))).toEqual(['next', 'old', 'late', 'next']);
    expect(track.snapshotSent(200)).toBe(200);
    expect([150, 201].map((commit) => track.arrived(commit))).toEqual(['late', 'next']);
  });

  it('BarTrack has a new offset after every commit of which nothing was sent, also after one that comes late', () => {
    const track = new BarTrack();
    const offsets = [100, 200, 150, 200, 300].map((position) => {
      track.unsent(position);
      return track.offset;
    });
    expect(offsets).toEqual([100, 200, 201, 202, 300]);
  });

  it('never gives an offset twice or a smaller one, in whatever order commits, snapshots and losses come', () => {
    const step = fc.record({
      what: fc.constantFrom('items', 'unsent', 'snapshot', 'missed'),
      position: fc.integer({ min: 1, max: 50 }),
      count: fc.integer({ min: 1, max: 5 }),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const track = new BarTrack();
        let newest = 0;
        for (const { what, position, count } of steps) {
          if (what === 'items') {
            for (const offset of track.offsets(position, count)) {
              expect(offset).toBeGreaterThan(newest);
              newest = offset;
            }
          } else if (what === 'unsent') track.unsent(position);
          else if (what === 'missed') track.missed();
          else newest = Math.max(newest, track.snapshotSent(position));
          newest = Math.max(newest, track.offset ?? 0);
        }
      }),
    );
  });
});
