const CHANNELS_MAX = 200;
/** Sockets a user may hold where nothing else is configured. */
export const USER_SOCKETS_MAX = 20;
/** A channel of a `subscribe`: its name twice (64 characters of at most 3 bytes), a recovery point, and blanks. */
const CHANNEL_BYTES = 512;
/** Everything of a message that is not a channel; an access token has at most 4,096 characters. */
const ENVELOPE_BYTES = 8 * 1024;

/**
 * What one subscriber may do; `hello` carries it. The largest `subscribe` that these limits allow fits one message. The bursts
 * let a client subscribe again to everything it may hold as soon as it has connected again, with one socket or with all.
 */
export const limits = {
  channels_max: CHANNELS_MAX,
  message_bytes_max: CHANNELS_MAX * CHANNEL_BYTES + ENVELOPE_BYTES,
  messages_per_second: 20,
  messages_burst: 50,
  channels_per_second: 40,
  channels_burst: 2 * CHANNELS_MAX,
  user_channels_per_second: 200,
  user_channels_burst: USER_SOCKETS_MAX * CHANNELS_MAX,
} as const;

/**
 * Pings keep an idle connection open. Proxies commonly cut one that carries nothing for 60 s, measured from the last
 * packet: with half of that a delayed ping, or one answered late, still comes in time.
 */
export const heartbeat = { pingInterval: 25_000, pingTimeout: 20_000 } as const;

/** When a client is told that its token is about to end. */
export const EXPIRY_NOTICE_MS = 60_000;
/** Attempts of one connection to join a namespace: each costs the verification of a token. */
export const joinAttempts = { perSecond: 0.2, burst: 10 } as const;
/** Messages over the rate that are answered with an error before the socket is closed. */
export const REFUSALS_MAX = 100;
/** Packets waiting in this process for one socket: above it is slow, below the other it has caught up. */
export const QUEUE_SLOW = 512;
export const QUEUE_CAUGHT_UP = 16;
/** A socket that is slow for longer is closed (reference/reliability.md, backpressure). */
export const SLOW_MAX_MS = 10_000;
