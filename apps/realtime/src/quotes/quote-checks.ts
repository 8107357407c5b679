import type { Bus } from '@mystocks/bus';
import { log, newContext, withContext } from '@mystocks/telemetry';
import { quoteChannel, type Channel } from '../channels/channel.js';
import type { Snapshot } from '../channels/snapshot.js';
import type { FanoutService } from '../fanout/fanout.service.js';
import { QUOTE_EPOCH, readQuotes } from './quote-reads.js';
import type { Track } from './track.js';

/** Symbols of one call. */
const SYMBOLS_MAX = 100;
/** Between two calls: at most 20 a second, whatever arrives. */
const EVERY_MS = 50;
const RETRY_MS = 1_000;

interface QuoteChecksParts {
  readonly bus: Bus;
  readonly fanout: FanoutService;
  readonly trackOf: (symbol: string) => Track;
}

/**
 * Reads from market-data where channels of quotes stand when events do not say it: some were missed (core NATS does not store
 * them), or one came with a sequence number that is far ahead or went back. Only what market-data answers moves the channel;
 * where it stands elsewhere, its quote follows a gap. Channels without subscribers are not read. One call runs at a time.
 */
export class QuoteChecks {
  /** Symbols to read; only of channels with subscribers, so their number is bounded by theirs. */
  readonly #waiting = new Set<string>();
  #isReading = false;
  #isStopped = false;

  constructor(private readonly parts: QuoteChecksParts) {}

  stop(): void {
    this.#isStopped = true;
  }

  add(symbols: readonly string[]): void {
    for (const symbol of symbols) this.#waiting.add(symbol);
    if (!this.#isReading && this.#waiting.size > 0) void this.#readAll();
  }

  async #readAll(): Promise<void> {
    this.#isReading = true;
    while (this.#waiting.size > 0 && !this.#isStopped) {
      const symbols = [...this.#waiting].slice(0, SYMBOLS_MAX);
      for (const symbol of symbols) this.#waiting.delete(symbol);
      const isDone = await this.#read(symbols.map(quoteChannel));
      await new Promise((resolve) => setTimeout(resolve, isDone ? EVERY_MS : RETRY_MS).unref());
    }
    this.#isReading = false;
  }

  /** Answers false when market-data cannot be read: until it can, subscribers have received nothing wrong. */
  async #read(channels: readonly Channel[]): Promise<boolean> {
    const [token] = channels.flatMap(({ name }) => this.parts.fanout.tokenOf(name) ?? []);
    // All of them have lost their subscribers.
    if (token === undefined) return true;
    const known = new Map(channels.map(({ symbol }) => [symbol, this.parts.trackOf(symbol).offset]));
    try {
      // Without a position: such a read shows everything that was stored before it.
      const found = await withContext({ ...newContext(), token }, () => readQuotes(this.parts.bus, [...known.keys()]));
      for (const channel of channels) this.#compare(channel, known.get(channel.symbol), found.get(channel.symbol));
      return true;
    } catch (error) {
      log.debug({ err: error, channels: channels.length }, 'quotes could not be read; they are read again');
      for (const { symbol } of channels) this.#waiting.add(symbol);
      return false;
    }
  }

  #compare(channel: Channel, known: number | undefined, snapshot: Snapshot | undefined): void {
    const track = this.parts.trackOf(channel.symbol);
    // Nothing was missed, or the gap was announced with a value that came meanwhile.
    if (snapshot === undefined || track.offset !== known || snapshot.offset === (known ?? 0)) return;
    track.moveTo(snapshot.offset);
    const isBack = known !== undefined && snapshot.offset < known;
    this.parts.fanout.sendGap(
      { channel: channel.name, from: (known ?? 0) + 1, to: snapshot.offset, reason: isBack ? 'reset' : 'bus' },
      { ch: channel.name, ep: QUOTE_EPOCH, o: snapshot.offset, t: Date.now(), d: snapshot.value },
    );
  }
}
