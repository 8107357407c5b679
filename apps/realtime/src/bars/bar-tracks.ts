import { Tracks } from '../channels/tracks.js';
import { BarTrack } from './bar-track.js';

/** Six timeframes of more instruments than the exchanges list. */
const TRACKS_MAX = 120_000;

/** The tracks of all channels of bars. */
export class BarTracks {
  readonly #tracks: Tracks<BarTrack>;
  /** The highest offset of a channel whose track was dropped: no client counts as recovered below it. */
  #droppedOffset: number | undefined;

  /** `isUsed`: whether a channel has subscribers; then its track is kept. */
  constructor(isUsed: (channel: string) => boolean) {
    this.#tracks = new Tracks({
      ...{ max: TRACKS_MAX, make: () => new BarTrack(this.#droppedOffset), isUsed },
      onDropped: ({ offset }) => {
        if (offset !== undefined) this.#droppedOffset = Math.max(offset, this.#droppedOffset ?? 0);
      },
    });
  }

  /** The track of a channel, whether it has subscribers or not. */
  of(channel: string): BarTrack {
    return this.#tracks.of(channel);
  }

  /** Newest offset of a channel; undefined when nothing has changed it since this instance started. */
  offset(channel: string): number | undefined {
    const track = this.#tracks.peek(channel);
    return track === undefined ? this.#droppedOffset : track.offset;
  }

  /** Events were missed: a client that reconnects now has recovered no channel. */
  missed(): void {
    for (const [, track] of this.#tracks.entries()) track.missed();
    if (this.#droppedOffset !== undefined) this.#droppedOffset += 1;
  }

  /** The log ends at this offset: answers the channels that were beyond it. */
  setBackTo(end: number): ReadonlySet<string> {
    this.#droppedOffset = this.#droppedOffset === undefined ? undefined : Math.min(this.#droppedOffset, end);
    const moved = new Set<string>();
    for (const [channel, track] of this.#tracks.entries()) if (track.setBackTo(end)) moved.add(channel);
    return moved;
  }
}
