import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import { log, newContext, withContext } from '@mystocks/telemetry';
import { Audience } from '../channels/audience.js';
import { quoteChannel, type Channel } from '../channels/channel.js';
import type { Snapshot } from '../channels/snapshot.js';
import { SnapshotsService } from '../channels/snapshots.service.js';
import { FanoutService } from './fanout.service.js';

/** Symbols of one call. */
const SYMBOLS_MAX = 100;
/** Between two calls: at most 20 a second, whatever arrives. */
const EVERY_MS = 50;
const RETRY_MS = 1_000;

/**
 * Asks the owner where channels of quotes stand when events do not say it: some were missed (core NATS forgets them), or one
 * came with a sequence number that is far ahead or went back. Only what the owner says moves the channel; where it stands
 * elsewhere, its quote follows a gap. Channels without subscribers are not asked about. One call is under way at a time.
 */
@Injectable()
export class QuoteChecksService implements OnModuleInit, OnModuleDestroy {
  /** Symbols to ask about; only of channels with subscribers, so their number is bounded by theirs. */
  readonly #waiting = new Set<string>();
  #isAsking = false;
  #wasCut = false;
  #isStopped = false;

  constructor(
    private readonly bus: Bus,
    private readonly audience: Audience,
    private readonly fanout: FanoutService,
    private readonly snapshots: SnapshotsService,
  ) {}

  onModuleInit(): void {
    this.fanout.onDoubt((symbol) => {
      this.#add(symbol === undefined ? this.#subscribed() : [symbol]);
    });
    this.bus.onConnectionChange((connected) => {
      if (connected && this.#wasCut) this.#add(this.#subscribed());
      if (!connected) this.#wasCut = true;
    });
  }

  onModuleDestroy(): void {
    this.#isStopped = true;
  }

  #subscribed(): string[] {
    return this.audience.channels().flatMap(({ symbol, timeframe }) => (timeframe === undefined ? [symbol] : []));
  }

  #add(symbols: readonly string[]): void {
    for (const symbol of symbols) this.#waiting.add(symbol);
    if (!this.#isAsking && this.#waiting.size > 0) void this.#askAll();
  }

  async #askAll(): Promise<void> {
    this.#isAsking = true;
    while (this.#waiting.size > 0 && !this.#isStopped) {
      const symbols = [...this.#waiting].slice(0, SYMBOLS_MAX);
      for (const symbol of symbols) this.#waiting.delete(symbol);
      const isDone = await this.#ask(symbols.map(quoteChannel));
      await new Promise((resolve) => setTimeout(resolve, isDone ? EVERY_MS : RETRY_MS).unref());
    }
    this.#isAsking = false;
  }

  /** False when the owner could not be asked: until it can, no subscriber was told anything wrong. */
  async #ask(channels: readonly Channel[]): Promise<boolean> {
    const [token] = channels.flatMap(({ name }) => this.fanout.tokenOf(name) ?? []);
    // All of them have lost their subscribers.
    if (token === undefined) return true;
    const known = new Map(channels.map(({ symbol }) => [symbol, this.fanout.quoteTrack(symbol).offset]));
    try {
      // Without a position: such a read shows everything that was stored before it.
      const found = await withContext({ ...newContext(), token }, () => this.snapshots.quotes([...known.keys()]));
      for (const channel of channels) this.#tell(channel, known.get(channel.symbol), found.get(channel.symbol));
      return true;
    } catch (error) {
      log.debug({ err: error, channels: channels.length }, 'quotes could not be read; they are read again');
      for (const { symbol } of channels) this.#waiting.add(symbol);
      return false;
    }
  }

  #tell(channel: Channel, known: number | undefined, snapshot: Snapshot | undefined): void {
    const track = this.fanout.quoteTrack(channel.symbol);
    // Nothing was missed, or a value that came meanwhile has already told the gap.
    if (snapshot === undefined || track.offset !== known || snapshot.offset === (known ?? 0)) return;
    track.moveTo(snapshot.offset);
    const isBack = known !== undefined && snapshot.offset < known;
    this.fanout.tell(
      { channel: channel.name, from: (known ?? 0) + 1, to: snapshot.offset, reason: isBack ? 'reset' : 'bus' },
      { ch: channel.name, ep: snapshot.epoch, o: snapshot.offset, t: Date.now(), d: snapshot.value },
    );
  }
}
