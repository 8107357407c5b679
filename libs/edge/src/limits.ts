/** What the clients of one public port may take. */
export interface PortLimits {
  /** Connections in all. */
  readonly connectionsMax: number;
  /**
   * Connections of one client address. Undefined: 1,000 of a public address, and no limit for loopback and private
   * addresses, because a proxy there stands for many clients.
   */
  readonly addressConnectionsMax: number | undefined;
  /** Connections that have sent nothing yet: of more, the oldest is closed. A flood of them then costs little memory. */
  readonly silentConnectionsMax: number;
  /** How long a new connection may send nothing. */
  readonly silentMs: number;
  /** How long the headers of a request may take. */
  readonly headersMs: number;
  /** How long a connection may wait for its next request. */
  readonly keepAliveMs: number;
  /**
   * How long a client may take in nothing of what was sent to it. Linux shows what it takes in only in steps of a third of the
   * send buffer (1.4 MB of the usual 4 MB): a client that reads an answer of more than 4 MB over a fast connection slower than a
   * step in this time, 140 KB/s, cannot be told from one that reads nothing. Node can neither set that buffer nor ask how much is
   * acknowledged.
   */
  readonly unreadMs: number;
  /** How long an upgraded connection may take until {@link keepUpgraded} is called for it. */
  readonly joinMs: number;
  /** How long the rest of a body may still come after its request was answered, and how many bytes of it. */
  readonly discardMs: number;
  readonly discardBytesMax: number;
  /** Bytes of request bodies in memory, all requests together. */
  readonly bodyBytesMax: number;
}

export const defaultLimits: PortLimits = {
  connectionsMax: 10_000,
  addressConnectionsMax: undefined,
  silentConnectionsMax: 1_000,
  silentMs: 10_000,
  headersMs: 10_000,
  // Longer than the 60 s for which proxies keep their idle connections, so that it is they who close them.
  keepAliveMs: 65_000,
  unreadMs: 10_000,
  joinMs: 10_000,
  discardMs: 5_000,
  discardBytesMax: 67_108_864,
  bodyBytesMax: 268_435_456,
};
