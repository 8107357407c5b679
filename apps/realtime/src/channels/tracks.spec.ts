import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BarTrack } from '../bars/bar-track.js';
import { JUMP_MAX, Track } from '../quotes/track.js';
import { Tracks } from './tracks.js';

const MAX = 8;
const channel = fc.integer({ min: 0, max: 40 }).map((number) => `quote.${number}`);

describe('Tracks', () => {
  it('Tracks stay within their bound, and keep each that has subscribers', () => {
    fc.assert(
      fc.property(
        fc.array(channel, { maxLength: 200 }),
        fc.uniqueArray(channel, { maxLength: MAX / 2 }),
        (asked, used) => {
          const tracks = new Tracks({ max: MAX, make: () => ({}), isUsed: (name) => used.includes(name) });
          const first = new Map(used.map((name) => [name, tracks.of(name)]));
          for (const name of asked) {
            tracks.of(name);
            expect(tracks.size).toBeLessThanOrEqual(MAX);
          }
          for (const [name, track] of first) expect(tracks.peek(name)).toBe(track);
        },
      ),
    );
  });

  it('Tracks drop the one that was not asked for the longest', () => {
    const dropped: object[] = [];
    const tracks = new Tracks({ max: 2, make: () => ({}), isUsed: () => false, onDropped: (one) => dropped.push(one) });
    const [a, b] = [tracks.of('a'), tracks.of('b')];
    tracks.of('a');
    tracks.of('c');
    expect(dropped).toEqual([b]);
    expect(tracks.peek('a')).toBe(a);
  });

  it('grow beyond their bound only while all of them are used', () => {
    const tracks = new Tracks({ max: 2, make: () => ({}), isUsed: (name) => name !== 'last' });
    for (const name of ['a', 'b', 'c', 'last']) tracks.of(name);
    expect(tracks.size).toBe(3);
  });
});

describe('a track', () => {
  it('never moves by more than the longest believed jump at once', () => {
    const offset = fc.oneof(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }));
    fc.assert(
      fc.property(fc.array(offset, { maxLength: 50 }), (arrivals) => {
        const track = new Track();
        track.snapshotSent(0);
        for (const one of arrivals) {
          const before = track.offset ?? 0;
          const { kind } = track.arrived(one);
          expect(kind === 'far').toBe(one > before + 1 + JUMP_MAX);
          expect((track.offset ?? 0) - before).toBeLessThanOrEqual(JUMP_MAX + 1);
        }
      }),
    );
  });

  it('a track of bars goes back to the end of the log from a position beyond it, and counts no subscriber as recovered then', () => {
    const track = new BarTrack();
    track.arrived(9_000_000);
    const [last] = track.offsets(9_000_000, 1);
    expect(track.setBackTo(10_000_000)).toBe(false);
    expect(track.setBackTo(5_000)).toBe(true);
    expect(track.offset).not.toBe(last);
    expect(track.arrived(6_000)).toBe('next');
    expect(track.offsets(6_000, 2)).toEqual([5_999, 6_000]);
  });
});
