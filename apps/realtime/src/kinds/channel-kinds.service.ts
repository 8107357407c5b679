import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import { Failure } from '@mystocks/contracts';
import { BarKind } from '../bars/bar-kind.js';
import type { Channel } from '../channels/channel.js';
import type { ChannelKind, ChannelName } from '../channels/channel-kind.js';
import type { Snapshot } from '../channels/snapshot.js';
import { QuoteKind } from '../quotes/quote-kind.js';
import type { Reader } from '../reads/batched-reads.js';

/** Every kind of channel. The realtime module provides each class of this list. */
export const channelKinds = [QuoteKind, BarKind];

/** Finds the kind of a channel, and connects all kinds with the bus. */
@Injectable()
export class ChannelKindsService implements OnModuleInit, OnModuleDestroy {
  readonly #kinds: ReadonlyMap<string, ChannelKind>;
  #subscriptions: { stop(): void }[] = [];
  #wasDisconnected = false;

  constructor(
    private readonly bus: Bus,
    kinds: readonly ChannelKind[],
  ) {
    this.#kinds = new Map(kinds.map((one) => [one.kind, one]));
  }

  onModuleInit(): void {
    const kinds = [...this.#kinds.values()];
    this.#subscriptions = kinds.map((kind) => kind.listen(this.bus));
    this.bus.onConnectionChange((isConnected) => {
      if (!isConnected) {
        this.#wasDisconnected = true;
        for (const kind of kinds) kind.disconnected?.();
      } else if (this.#wasDisconnected) for (const kind of kinds) kind.reconnected();
    });
  }

  onModuleDestroy(): void {
    for (const subscription of this.#subscriptions) subscription.stop();
  }

  /** How names of channels are written, for error messages. */
  get syntax(): string {
    return new Intl.ListFormat('en-GB').format([...this.#kinds.values()].map(({ syntax }) => syntax));
  }

  /** Reads the name of a channel; undefined when it is of no kind or malformed. */
  parse(name: string): ChannelName | undefined {
    const dot = name.indexOf('.');
    return dot < 0 ? undefined : this.#kinds.get(name.slice(0, dot))?.parse(name.slice(dot + 1));
  }

  channel(name: ChannelName, symbol: string): Channel {
    return this.of(name).channel(name, symbol);
  }

  /** The kind of a channel. */
  of({ kind }: Pick<Channel, 'kind'>): ChannelKind {
    const found = this.#kinds.get(kind);
    if (found === undefined) throw new Error(`There is no kind of channel called ${kind}`);
    return found;
  }

  /** The snapshot of each channel by its name, or why there is none. */
  async snapshots(channels: readonly Channel[], reader: Reader): Promise<ReadonlyMap<string, Snapshot | Failure>> {
    const byKind = Map.groupBy(channels, ({ kind }) => kind);
    const found = await Promise.all(
      [...byKind.values()].map((own) => this.of(own[0] as Channel).snapshots(own, reader)),
    );
    return new Map(found.flatMap((snapshots) => [...snapshots]));
  }
}
