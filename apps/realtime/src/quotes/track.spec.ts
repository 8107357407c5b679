import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Track } from './track.js';

describe('Track', () => {
  it('takes any first value, and a lower snapshot counts before it', () => {
    expect(new Track().arrived(7)).toEqual({ kind: 'next' });
    const track = new Track();
    track.snapshotSent(9);
    track.snapshotSent(6);
    expect(track.offset).toBe(6);
    expect(track.arrived(7)).toEqual({ kind: 'next' });
    track.snapshotSent(3);
    expect(track.offset).toBe(7);
  });

  it('sends a value behind a newer snapshot: another subscriber may lack it', () => {
    const track = new Track();
    track.snapshotSent(9);
    expect(track.arrived(8)).toEqual({ kind: 'next' });
  });

  it('follows the store when it was set back', () => {
    const track = new Track();
    track.arrived(90);
    track.moveTo(3);
    expect(track.arrived(4)).toEqual({ kind: 'next' });
  });

  it('sends or tells every offset once, whatever is lost, doubled or reordered', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 80 }), (arrivals) => {
        const track = new Track();
        track.snapshotSent(0);
        const told: number[] = [];
        for (const offset of arrivals) {
          const verdict = track.arrived(offset);
          if (verdict.kind === 'gap') for (let lost = verdict.from; lost <= verdict.to; lost += 1) told.push(lost);
          if (verdict.kind !== 'old') told.push(offset);
        }
        expect(told).toEqual(Array.from({ length: Math.max(0, ...arrivals) }, (_, index) => index + 1));
      }),
    );
  });
});
