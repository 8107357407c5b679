import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import { mapBounded } from '@mystocks/kernel';
import { log, newContext, readingAfter, withContext } from '@mystocks/telemetry';
import { Audience } from '../channels/audience.js';
import type { Channel } from '../channels/channel.js';
import type { Snapshot } from '../channels/snapshot.js';
import { SnapshotsService } from '../channels/snapshots.service.js';
import { FanoutService } from './fanout.service.js';

const AT_ONCE = 8;
const RETRY_MS = 1_000;

/**
 * While this node was cut off from the bus, it missed quotes (core NATS forgets them). When it is back, it reads every
 * quote channel with subscribers again, with the token of one of them, and announces what was missed. BarsFanoutService
 * does the same for bars.
 */
@Injectable()
export class ResyncService implements OnModuleInit, OnModuleDestroy {
  #wasCut = false;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(
    private readonly bus: Bus,
    private readonly audience: Audience,
    private readonly fanout: FanoutService,
    private readonly snapshots: SnapshotsService,
  ) {}

  onModuleInit(): void {
    this.bus.onConnectionChange((connected) => {
      if (connected && this.#wasCut) {
        void this.#resync(this.audience.channels().filter(({ timeframe }) => timeframe === undefined));
      }
      if (!connected) this.#wasCut = true;
    });
  }

  onModuleDestroy(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #resync(channels: readonly Channel[]): Promise<void> {
    const failed: Channel[] = [];
    await mapBounded(channels, { atOnce: AT_ONCE }, async (channel) => {
      try {
        await this.#one(channel);
      } catch (error) {
        log.debug({ err: error, channel: channel.name }, 'no snapshot yet after the bus came back');
        failed.push(channel);
      }
    });
    if (failed.length === 0 || this.#stopped) return;
    // The owner may come back later than the bus; until it does, no subscriber was told anything wrong.
    this.#timer = setTimeout(() => {
      if (this.bus.connected) void this.#resync(failed);
    }, RETRY_MS).unref();
  }

  async #one(channel: Channel): Promise<void> {
    const token = this.fanout.tokenOf(channel.name);
    if (token === undefined) return;
    const asItself = <T>(work: () => Promise<T>): Promise<T> =>
      withContext({ ...newContext(), token }, () => readingAfter(this.fanout.newest, work));
    const known = this.fanout.quoteTrack(channel.symbol).offset;
    const found = await asItself(() => this.snapshots.quotes([channel.symbol]));
    this.#tellQuote(channel, known, found.get(channel.symbol));
  }

  #tellQuote(channel: Channel, known: number | undefined, snapshot: Snapshot | undefined): void {
    const track = this.fanout.quoteTrack(channel.symbol);
    // Nothing was missed, or a value that came meanwhile has already told the gap.
    if (snapshot === undefined || track.offset !== known || snapshot.offset === (known ?? 0)) return;
    track.moveTo(snapshot.offset);
    const back = known !== undefined && snapshot.offset < known;
    this.fanout.tell(
      { channel: channel.name, from: (known ?? 0) + 1, to: snapshot.offset, reason: back ? 'reset' : 'bus' },
      { ch: channel.name, ep: snapshot.epoch, o: snapshot.offset, t: Date.now(), d: snapshot.value },
    );
  }
}
