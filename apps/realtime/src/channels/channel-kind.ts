import type { Bus } from '@mystocks/bus';
import type { Failure } from '@mystocks/contracts';
import type { Reader } from '../reads/batched-reads.js';
import type { Channel } from './channel.js';
import type { Snapshot } from './snapshot.js';

/** The name of a channel as a client wrote it; the symbol is still in the client's spelling. */
export interface ChannelName {
  readonly kind: string;
  readonly alias: string;
}

/**
 * What one kind of channels does. A new kind is a class in a file of its own and one line in `kinds/channel-kinds.service.ts`.
 */
export interface ChannelKind {
  /** First part of the names of its channels. */
  readonly kind: string;
  /** How its names are written, for error messages. */
  readonly syntax: string;
  /** Name of the sequence that offsets count in. A client that comes back with another epoch has recovered nothing. */
  readonly epoch: string;
  /** True when offsets grow by one with each value, so that their difference is the number of missed values. */
  readonly isContiguous: boolean;

  /** Reads the part of a name behind the kind and its dot; undefined when it is malformed. */
  parse(rest: string): ChannelName | undefined;
  /** The channel that a parsed name means, once its symbol is known. */
  channel(name: ChannelName, symbol: string): Channel;
  /**
   * Reads what channels of this kind show now, by their names. The snapshot of a channel contains every event that this
   * instance received before the read started.
   */
  snapshots(channels: readonly Channel[], reader: Reader): Promise<ReadonlyMap<string, Snapshot | Failure>>;
  /** Newest offset of a channel at this instance; undefined before its first event. */
  position(channel: Channel): number | undefined;
  /** Subscribes to the event of this kind and sends its values to subscribers until it is stopped. */
  listen(bus: Bus): { stop(): void };
  /** The connection to NATS was lost: events may be missed from now on. */
  disconnected?(): void;
  /** The connection is back: subscribers are sent what they may have missed. */
  reconnected(): void;
}
