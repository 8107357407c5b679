/** Opens, checks and closes connections of one kind for a pool. None of these may hang: each has a time limit. */
export interface Connector<C> {
  open(): Promise<C>;
  /** Rejects when the connection is dead. */
  ping(connection: C): Promise<unknown>;
  /** Closes the connection in whatever state it is; unfinished work on it is rolled back. */
  close(connection: C): Promise<void>;
  /** Calls `lost` when the connection dies by itself; more than one call does no harm. */
  onLost?(connection: C, lost: () => void): void;
}

/** Permits for open connections, shared by all pools that use the same server. */
export interface Budget {
  /** Takes one permit; false when none is left for this use now. Rejects when the server cannot be reached. */
  take(use: 'kept' | 'overflow'): Promise<boolean>;
  give(): void;
  /** Calls `shrink` with the number of connections to close, because pools with less than their share need the permits. */
  onExcess(shrink: (count: number) => void): void;
}
