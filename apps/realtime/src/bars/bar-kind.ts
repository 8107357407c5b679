import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import {
  barsChanged,
  storedTimeframes,
  type Bar,
  type BarsChanged,
  type Failure,
  type QuoteChanged,
  type StoredTimeframe,
} from '@mystocks/contracts';
import { readingAfter } from '@mystocks/telemetry';
import { SYMBOL_ALIAS } from '@mystocks/validation';
import { Audience } from '../channels/audience.js';
import type { ChannelKind, ChannelName } from '../channels/channel-kind.js';
import { barChannel, coarserFrames, isBarChannel, type BarChannel, type Channel } from '../channels/channel.js';
import type { Snapshot } from '../channels/snapshot.js';
import { FanoutService } from '../fanout/fanout.service.js';
import { PositionsService } from '../fanout/positions.service.js';
import { QuoteKind } from '../quotes/quote-kind.js';
import { BatchedReads, type Reader } from '../reads/batched-reads.js';
import { BAR_EPOCH, BarReads } from './bar-reads.js';
import { BarRefresh, type BarsCommit } from './bar-refresh.js';
import { BarTracks } from './bar-tracks.js';
import { RunningBars } from './running-bars.js';

/** Bars of one call. */
const READ_MAX = 50;
/** Fewer than instruments times timeframes: beyond that requests are refused until some were read. */
const WAITING_MAX = 100_000;

interface BarName extends ChannelName {
  readonly timeframe: StoredTimeframe;
}

/**
 * Channels `bar.<timeframe>.<symbol>`: every changed bar of the channel itself, and the coarser bars that contain it. The first
 * minute of a day is read from market-data, because the rows of the opening auction are a part of it. What cannot be sent bar
 * by bar is announced as a gap with a snapshot behind it.
 */
@Injectable()
export class BarKind implements ChannelKind, OnModuleDestroy {
  readonly kind = 'bar';
  readonly syntax = `bar.<${storedTimeframes.join('|')}>.<symbol>`;
  readonly epoch = BAR_EPOCH;
  readonly isContiguous = false;
  readonly tracks: BarTracks;
  readonly #running = new RunningBars();
  readonly #bars: BarReads;
  readonly #refresh: BarRefresh;
  /**
   * By the name of the channel. A bar costs the store fifty times what a quote does: few with one call, one call at a time, and
   * then a pause of three times as long as the call took, so that subscribers take at most a quarter of a connection of the
   * store.
   */
  readonly #reads = new BatchedReads<Snapshot>(
    { keysMax: READ_MAX, atOnce: 1, waitingMax: WAITING_MAX, pause: 3 },
    (names) => this.#read(names),
  );
  /** Channels of events whose position is not believed yet. All have subscribers, so their number is bounded by theirs. */
  readonly #doubted = new Map<string, BarChannel>();

  constructor(
    bus: Bus,
    private readonly audience: Audience,
    private readonly fanout: FanoutService,
    private readonly positions: PositionsService,
    private readonly quotes: QuoteKind,
  ) {
    this.tracks = new BarTracks((channel) => audience.has(channel));
    this.#bars = new BarReads(bus);
    this.#refresh = new BarRefresh({ fanout, positions, tracks: this.tracks, reads: this.#bars });
  }

  onModuleDestroy(): void {
    this.#refresh.stop();
  }

  parse(rest: string): BarName | undefined {
    const dot = rest.indexOf('.');
    const alias = rest.slice(dot + 1);
    const timeframe = storedTimeframes.find((one) => one === rest.slice(0, dot));
    return timeframe === undefined || !SYMBOL_ALIAS.test(alias) ? undefined : { kind: this.kind, timeframe, alias };
  }

  channel({ timeframe }: BarName, symbol: string): Channel {
    return barChannel(timeframe, symbol);
  }

  position({ name }: Channel): number | undefined {
    return this.tracks.offset(name);
  }

  snapshots(channels: readonly Channel[], reader: Reader): Promise<ReadonlyMap<string, Snapshot | Failure>> {
    return this.#reads.get(
      channels.map(({ name }) => name),
      reader,
    );
  }

  listen(bus: Bus): { stop(): void } {
    this.quotes.onQuote((changed, isAfterGap) => {
      this.#onQuote(changed, isAfterGap);
    });
    this.positions.onChange({
      confirmed: () => {
        this.#announceDoubted();
      },
      setBack: (end) => {
        const moved = this.tracks.setBackTo(end);
        for (const channel of this.#subscribed()) if (moved.has(channel.name)) this.#refresh.gap(channel, end, 'reset');
      },
    });
    const handle = (changed: BarsChanged): void => {
      this.#onBars(changed);
    };
    const onGap = (): void => {
      this.reconnected();
    };
    return bus.subscribe(barsChanged, handle, { onGap });
  }

  disconnected(): void {
    this.#running.missedQuotes();
    this.tracks.missed();
  }

  /** Events were missed, and it is not known of which channels. */
  reconnected(): void {
    this.tracks.missed();
    for (const channel of this.#subscribed()) this.#refresh.gap(channel, this.positions.newestOffset, 'bus');
  }

  #subscribed(): BarChannel[] {
    return this.audience.channels().filter(isBarChannel);
  }

  #read(names: readonly string[]): Promise<ReadonlyMap<string, Snapshot | Failure>> {
    const channels = names.flatMap((name) => {
      const parsed = this.parse(name.slice(this.kind.length + 1));
      return parsed === undefined ? [] : [barChannel(parsed.timeframe, parsed.alias)];
    });
    const { newest, newestOffset } = this.positions;
    return readingAfter(newest, () => this.#bars.newestOfAll(channels, newestOffset));
  }

  #onBars({ symbol, timeframe, bar, bars, received_at_ms, lsn }: BarsChanged): void {
    const position = this.positions.saw(lsn);
    if (position === undefined) {
      for (const frame of [timeframe, ...coarserFrames(timeframe)]) this.#doubt(barChannel(frame, symbol));
      return;
    }
    const commit = { position, receivedAtMs: received_at_ms };
    if (timeframe === '1Min') this.#running.fed(symbol, bar.t);
    this.#sendOwn(barChannel(timeframe, symbol), bars, commit);
    for (const frame of coarserFrames(timeframe)) this.#moveCoarser(barChannel(frame, symbol), bars, commit);
  }

  /** An event of the channel names a position that cannot be believed yet: what the store has is read once it can. */
  #doubt(channel: BarChannel): void {
    if (this.audience.has(channel.name)) this.#doubted.set(channel.name, channel);
    else this.tracks.of(channel.name).missed();
  }

  #announceDoubted(): void {
    for (const channel of this.#doubted.values()) this.#refresh.gap(channel, this.positions.newestOffset, 'bus');
    this.#doubted.clear();
  }

  #sendOwn(channel: BarChannel, bars: readonly Bar[] | undefined, { position, receivedAtMs }: BarsCommit): void {
    const track = this.tracks.of(channel.name);
    const verdict = track.arrived(position);
    if (verdict === 'old') return;
    if (!this.audience.has(channel.name)) {
      track.unsent(position);
    } else if (verdict === 'late') {
      this.#refresh.gap(channel, position, 'order');
    } else if (bars === undefined || this.#refresh.hasGap(channel.name)) {
      this.#refresh.gap(channel, position, 'bulk');
    } else if (channel.timeframe === '1Min' && (bars.some(isOfOpening) || this.#refresh.isPending(channel.name))) {
      this.#refresh.bars(channel, stampsOf(bars), { position, receivedAtMs });
    } else {
      const offsets = track.offsets(position, bars.length);
      const about = { ch: channel.name, ep: BAR_EPOCH, t: receivedAtMs };
      this.fanout.send(bars.map((bar, index) => ({ ...about, o: offsets[index] ?? position, d: { ...bar } })));
    }
  }

  /** An event lists no coarser bars: they are read from market-data, which makes them from finer ones as it does for REST. */
  #moveCoarser(channel: BarChannel, bars: readonly Bar[] | undefined, commit: BarsCommit): void {
    if (!this.audience.has(channel.name)) this.tracks.of(channel.name).unsent(commit.position);
    else if (bars === undefined) this.#refresh.gap(channel, commit.position, 'bulk');
    else this.#refresh.bars(channel, stampsOf(bars), commit);
  }

  /** A quote makes the running bar of its minute while no feed brings bars of the symbol. */
  #onQuote({ quote, received_at_ms, lsn }: QuoteChanged, isAfterGap: boolean): void {
    const bar = this.#running.quoted(quote, isAfterGap);
    if (bar === undefined) return;
    const { name } = barChannel('1Min', quote.symbol);
    const track = this.tracks.of(name);
    const position = this.positions.saw(lsn);
    if (position === undefined) return;
    if (this.#refresh.hasGap(name) || !this.audience.has(name)) {
      track.unsent(position);
      return;
    }
    const [o = position] = track.offsets(position, 1);
    this.fanout.send([{ ch: name, ep: BAR_EPOCH, o, t: received_at_ms, d: bar }]);
  }
}

const stampsOf = (bars: readonly Bar[]): string[] => bars.map(({ t }) => t);

/** The first minute of a day, or a row of the opening auction: reads show both as one bar. */
const isOfOpening = ({ t }: Bar): boolean => t.slice(11, 16) <= '09:31';
