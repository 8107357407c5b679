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
  /**
   * `sequence`: a quote got lost on the way; `bus`: this node was cut off or missed an event; `reset`: the store was set
   * back; `bulk`: more bars changed at once than an event lists; `order`: an event came after a later one.
   */
  readonly reason: 'sequence' | 'bus' | 'reset' | 'bulk' | 'order';
}

/** Sends values and gaps to the subscribers of one namespace. */
export interface Outlet {
  /** Values of one channel that belong together, oldest first. */
  data(items: readonly Item[]): void;
  /** A hole, and the value the channel shows now. */
  gap(gap: Gap, snapshot: Item): void;
  /** The access token of a subscriber of the channel, to read its snapshot with; undefined when it has no subscribers. */
  tokenOf(channel: string): string | undefined;
}
