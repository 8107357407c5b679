/** How a pool opens, checks and closes connections of one kind. Nothing here may hang: each step has its own limit. */
export interface Connector<C> {
  open(): Promise<C>;
  /** Fails when the connection is dead. */
  ping(connection: C): Promise<unknown>;
  /** Ends the connection, whatever state it is in; work under way on it is undone. */
  close(connection: C): Promise<void>;
  /** Asks to be told when the connection dies by itself; to be told again does no harm. */
  onLost?(connection: C, lost: () => void): void;
}

/** The right to have connections open, shared by all who use the same server. */
export interface Budget {
  /** Takes one right; false when none is left for this use now. Fails when the server cannot be asked. */
  take(use: 'kept' | 'overflow'): Promise<boolean>;
  give(): void;
  /** Asks to be told when others go without what this pool has beyond its share: so many should be closed. */
  onExcess(shrink: (count: number) => void): void;
}
