/** One value of a channel, as it goes to subscribers: channel, epoch, offset, ingest time in ms, value. */
export interface Item {
  readonly ch: string;
  readonly ep: string;
  readonly o: number;
  readonly t: number;
  readonly d: object | null;
}

/** Offsets that subscribers of a channel will never get. */
export interface Gap {
  readonly channel: string;
  readonly from: number;
  readonly to: number;
  /** `sequence`: news got lost on the way; `bus`: this node was cut off; `reset`: the store was set back. */
  readonly reason: 'sequence' | 'bus' | 'reset';
}

/** Hands news on to the subscribers of one namespace. */
export interface Outlet {
  data(item: Item): void;
  /** A hole, and the value the channel shows now. */
  gap(gap: Gap, snapshot: Item): void;
  /** A token of somebody who listens to the channel, to ask for its snapshot with; undefined when nobody does. */
  tokenOf(channel: string): string | undefined;
}
