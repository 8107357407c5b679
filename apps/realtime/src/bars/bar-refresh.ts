import { log, newContext, readingAfter, withContext } from '@mystocks/telemetry';
import type { BarChannel } from '../channels/channel.js';
import type { FanoutService } from '../fanout/fanout.service.js';
import type { Gap } from '../fanout/outlet.js';
import type { PositionsService } from '../fanout/positions.service.js';
import { BAR_EPOCH, type BarReads } from './bar-reads.js';
import type { BarTracks } from './bar-tracks.js';

/** Reads that run at the same time, of all channels. */
const AT_ONCE = 8;
const RETRY_MS = 1_000;
/** The most changed bars whose coarser bars are read one by one, and how far they may lie apart. */
const STAMPS_MAX = 64;
const SPAN_MAX_MS = 7 * 86_400_000;

/** What is to be read of a channel. */
interface Refresh {
  readonly channel: BarChannel;
  /** Position of the first change that was not sent yet. */
  readonly from: number;
  /** Stamps of finer bars that changed. */
  readonly stamps: ReadonlySet<string>;
  /** Why changes are not sent one by one: a gap is announced, with a snapshot behind it. */
  readonly reason: Gap['reason'] | undefined;
  readonly receivedAtMs: number;
}

/** A change of bars: the position of its commit, and when it came in. */
export interface BarsCommit {
  readonly position: number;
  readonly receivedAtMs: number;
}

interface BarRefreshParts {
  readonly fanout: FanoutService;
  readonly positions: PositionsService;
  readonly tracks: BarTracks;
  readonly reads: BarReads;
}

/**
 * Reads bars from market-data for channels whose items cannot be made from an event: coarser bars, the first minute of a day,
 * and the snapshot behind a gap. A channel has one read at a time; what is requested meanwhile is one more read. A read that
 * fails is tried again until it succeeds or the channel has no subscribers, so that no change is passed over in silence.
 */
export class BarRefresh {
  readonly #waiting = new Map<string, Refresh>();
  readonly #running = new Map<string, Refresh>();
  /** Channels whose last read failed. */
  readonly #delayed = new Map<string, NodeJS.Timeout>();

  constructor(private readonly parts: BarRefreshParts) {}

  stop(): void {
    this.#waiting.clear();
    for (const timer of this.#delayed.values()) clearTimeout(timer);
  }

  /** Sends the bars of the channel that hold these stamps of finer bars. */
  bars(channel: BarChannel, stamps: readonly string[], { position, receivedAtMs }: BarsCommit): void {
    this.#add({ channel, from: position, stamps: new Set(stamps), reason: undefined, receivedAtMs });
  }

  /** Announces a gap from this offset on, and sends the newest bar behind it. */
  gap(channel: BarChannel, from: number, reason: Gap['reason']): void {
    this.#add({ channel, from, stamps: new Set(), reason, receivedAtMs: 0 });
  }

  /** True while a gap of the channel is about to be announced: an item must not overtake it. */
  hasGap(channel: string): boolean {
    return [this.#waiting, this.#running].some((all) => all.get(channel)?.reason !== undefined);
  }

  /** True while bars of the channel are about to be read: a later commit joins them, to stay behind them. */
  isPending(channel: string): boolean {
    return this.#waiting.has(channel) || this.#running.has(channel);
  }

  #add(refresh: Refresh): void {
    const { name } = refresh.channel;
    this.#waiting.set(name, merged(this.#waiting.get(name) ?? refresh, refresh));
    this.#start();
  }

  #start(): void {
    for (const [name, refresh] of this.#waiting) {
      if (this.#running.size >= AT_ONCE) return;
      if (this.#running.has(name) || this.#delayed.has(name)) continue;
      this.#waiting.delete(name);
      this.#running.set(name, refresh);
      void this.#run(name, refresh);
    }
  }

  async #run(name: string, refresh: Refresh): Promise<void> {
    try {
      await this.#read(refresh);
    } catch (error) {
      log.debug({ err: error, channel: name }, 'bars could not be read; they are read again');
      const timer = setTimeout(() => {
        this.#delayed.delete(name);
        this.#start();
      }, RETRY_MS);
      this.#delayed.set(name, timer.unref());
      this.#add(refresh);
    } finally {
      this.#running.delete(name);
      this.#start();
    }
  }

  async #read(refresh: Refresh): Promise<void> {
    const { channel } = refresh;
    const { fanout, positions, tracks } = this.parts;
    const token = fanout.tokenOf(channel.name);
    const position = positions.newestOffset;
    const track = tracks.of(channel.name);
    if (token === undefined) {
      track.unsent(position);
      return;
    }
    await withContext({ ...newContext(), token }, () =>
      readingAfter(positions.newest, () =>
        refresh.reason === undefined
          ? this.#sendBars(refresh, position)
          : this.#sendGap(refresh, refresh.reason, position),
      ),
    );
  }

  async #sendGap({ channel, from }: Refresh, reason: Gap['reason'], position: number): Promise<void> {
    const { fanout, positions, tracks, reads } = this.parts;
    const { value } = await reads.newest(channel, position);
    // The position may have been found false meanwhile.
    const offset = tracks.of(channel.name).snapshotSent(Math.min(position, positions.newestOffset));
    fanout.sendGap(
      { channel: channel.name, from: Math.min(from, offset), to: offset, reason },
      { ch: channel.name, ep: BAR_EPOCH, o: offset, t: Date.now(), d: value },
    );
  }

  async #sendBars(refresh: Refresh, position: number): Promise<void> {
    const { channel, stamps, receivedAtMs } = refresh;
    const { fanout, positions, tracks, reads } = this.parts;
    const track = tracks.of(channel.name);
    const before = track.offset;
    const bars = await reads.containing(channel, [...stamps]);
    // Bars of this channel were sent meanwhile; what was read may be older than they are.
    if (track.offset !== before) {
      this.#add(refresh);
      return;
    }
    const offsets = track.offsets(Math.min(position, positions.newestOffset), bars.length);
    const items = bars.map((d, index) => ({
      ...{ ch: channel.name, ep: BAR_EPOCH, o: offsets[index] ?? position, t: receivedAtMs, d },
    }));
    if (items.length > 0) fanout.send(items);
  }
}

function merged(before: Refresh, after: Refresh): Refresh {
  const stamps = new Set([...before.stamps, ...after.stamps]);
  const reason = before.reason ?? after.reason ?? (areTooMany(stamps) ? 'bulk' : undefined);
  return {
    channel: after.channel,
    from: Math.min(before.from, after.from),
    stamps: reason === undefined ? stamps : new Set(),
    reason,
    receivedAtMs: Math.max(before.receivedAtMs, after.receivedAtMs),
  };
}

function areTooMany(stamps: ReadonlySet<string>): boolean {
  const times = [...stamps].map((stamp) => Date.parse(stamp));
  return stamps.size > STAMPS_MAX || Math.max(...times) - Math.min(...times) > SPAN_MAX_MS;
}
