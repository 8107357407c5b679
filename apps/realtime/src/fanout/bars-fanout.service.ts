import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import { barsChanged, type Bar, type BarsChanged, type QuoteChanged } from '@mystocks/contracts';
import { Audience } from '../channels/audience.js';
import { barChannel, coarserFrames, epochs, type Channel } from '../channels/channel.js';
import { BarRefreshService, type BarsCommit } from './bar-refresh.service.js';
import { FanoutService } from './fanout.service.js';
import { RunningBars } from './running-bars.js';

/**
 * Takes changes of bars from the bus and sends them to the sockets of this node: every bar of the channel itself, and the
 * coarser bars that it is part of. The first minute of a day is read from market-data, because the rows of the opening
 * auction are a part of it. What cannot be sent bar by bar is announced as a gap with a snapshot behind it.
 */
@Injectable()
export class BarsFanoutService implements OnModuleInit, OnModuleDestroy {
  readonly #running = new RunningBars();
  /** Channels with subscribers, so their number is bounded by theirs. */
  readonly #doubted = new Map<string, Channel>();
  #subscription: { stop(): void } | undefined;
  #wasCut = false;

  constructor(
    private readonly bus: Bus,
    private readonly audience: Audience,
    private readonly fanout: FanoutService,
    private readonly refresh: BarRefreshService,
  ) {}

  onModuleInit(): void {
    const handle = (changed: BarsChanged): void => {
      this.#onBars(changed);
    };
    const onGap = (): void => {
      this.#announceMissed();
    };
    this.#subscription = this.bus.subscribe(barsChanged, handle, { onGap });
    this.fanout.onQuote((changed, isAfterGap) => {
      this.#onQuote(changed, isAfterGap);
    });
    this.fanout.onPositions({
      confirmed: () => {
        this.#announceDoubted();
      },
      setBack: (channels) => {
        for (const channel of channels) this.refresh.gap(channel, this.fanout.newestOffset, 'reset');
      },
    });
    this.bus.onConnectionChange((connected) => {
      if (connected && this.#wasCut) this.#announceMissed();
      if (connected) return;
      this.#wasCut = true;
      this.#running.missedQuotes();
      this.fanout.missedBars();
    });
  }

  onModuleDestroy(): void {
    this.#subscription?.stop();
  }

  /** Events were missed, and it is not known of which channels. */
  #announceMissed(): void {
    this.fanout.missedBars();
    for (const channel of this.audience.channels()) {
      if (channel.timeframe !== undefined) this.refresh.gap(channel, this.fanout.newestOffset, 'bus');
    }
  }

  #onBars({ symbol, timeframe, bar, bars, received_at_ms, lsn }: BarsChanged): void {
    const position = this.fanout.saw(lsn);
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
  #doubt(channel: Channel): void {
    if (this.audience.has(channel.name)) this.#doubted.set(channel.name, channel);
    else this.fanout.barTrack(channel.name).missed();
  }

  #announceDoubted(): void {
    for (const channel of this.#doubted.values()) this.refresh.gap(channel, this.fanout.newestOffset, 'bus');
    this.#doubted.clear();
  }

  #sendOwn(channel: Channel, bars: readonly Bar[] | undefined, { position, receivedAtMs }: BarsCommit): void {
    const track = this.fanout.barTrack(channel.name);
    const verdict = track.arrived(position);
    if (verdict === 'old') return;
    if (!this.audience.has(channel.name)) {
      track.unsent(position);
    } else if (verdict === 'late') {
      this.refresh.gap(channel, position, 'order');
    } else if (bars === undefined || this.refresh.hasGap(channel.name)) {
      this.refresh.gap(channel, position, 'bulk');
    } else if (channel.timeframe === '1Min' && (bars.some(isOfOpening) || this.refresh.isPending(channel.name))) {
      this.refresh.bars(channel, stampsOf(bars), { position, receivedAtMs });
    } else {
      const offsets = track.offsets(position, bars.length);
      const about = { ch: channel.name, ep: epochs.bar, t: receivedAtMs };
      this.fanout.send(bars.map((bar, index) => ({ ...about, o: offsets[index] ?? position, d: { ...bar } })));
    }
  }

  /** An event lists no coarser bars: they are read from market-data, which makes them from finer ones as it does for REST. */
  #moveCoarser(channel: Channel, bars: readonly Bar[] | undefined, commit: BarsCommit): void {
    if (!this.audience.has(channel.name)) this.fanout.barTrack(channel.name).unsent(commit.position);
    else if (bars === undefined) this.refresh.gap(channel, commit.position, 'bulk');
    else this.refresh.bars(channel, stampsOf(bars), commit);
  }

  /** A quote makes the running bar of its minute while no feed brings bars of the symbol. */
  #onQuote({ quote, received_at_ms, lsn }: QuoteChanged, isAfterGap: boolean): void {
    const bar = this.#running.quoted(quote, isAfterGap);
    if (bar === undefined) return;
    const { name } = barChannel('1Min', quote.symbol);
    const track = this.fanout.barTrack(name);
    const position = this.fanout.saw(lsn);
    if (position === undefined) return;
    if (this.refresh.hasGap(name) || !this.audience.has(name)) {
      track.unsent(position);
      return;
    }
    const [o = position] = track.offsets(position, 1);
    this.fanout.send([{ ch: name, ep: epochs.bar, o, t: received_at_ms, d: bar }]);
  }
}

const stampsOf = (bars: readonly Bar[]): string[] => bars.map(({ t }) => t);

/** The first minute of a day, or a row of the opening auction: reads show both as one bar. */
const isOfOpening = ({ t }: Bar): boolean => t.slice(11, 16) <= '09:31';
