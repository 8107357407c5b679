/** How many tracks are examined to find one that may be dropped, each time that one is added. */
const LOOKS_MAX = 100;

interface TracksOptions<T> {
  /** More tracks are kept only while all of them are in use. */
  readonly max: number;
  readonly make: () => T;
  /** Whether a channel has subscribers; then its track is kept. */
  readonly isUsed: (channel: string) => boolean;
  readonly onDropped?: (track: T) => void;
}

/** The tracks of channels. Their number is bounded: of those without subscribers the least recently used one is dropped. */
export class Tracks<T extends object> {
  readonly #tracks = new Map<string, T>();

  constructor(private readonly options: TracksOptions<T>) {}

  /** The track of a channel; made when there is none. */
  of(channel: string): T {
    const known = this.#tracks.get(channel);
    if (known !== undefined) {
      this.#tracks.delete(channel);
      this.#tracks.set(channel, known);
      return known;
    }
    const track = this.options.make();
    this.#tracks.set(channel, track);
    this.#shrink();
    return track;
  }

  /** The track of a channel, if there is one. */
  peek(channel: string): T | undefined {
    return this.#tracks.get(channel);
  }

  entries(): Iterable<[string, T]> {
    return this.#tracks.entries();
  }

  get size(): number {
    return this.#tracks.size;
  }

  #shrink(): void {
    const { max, isUsed, onDropped } = this.options;
    let looks = 0;
    for (const [channel, track] of this.#tracks) {
      if (this.#tracks.size <= max || looks >= LOOKS_MAX) return;
      looks += 1;
      this.#tracks.delete(channel);
      if (isUsed(channel)) this.#tracks.set(channel, track);
      else onDropped?.(track);
    }
  }
}
