import type { RateLimit } from './rate.js';

const CHANNELS_MAX = 200;
const USER_CHANNELS_PER_SECOND = 200;
/** A channel of a `subscribe`: its name twice (64 characters of at most 3 bytes), a recovery point, and blanks. */
const CHANNEL_BYTES = 512;
/** Everything of a message that is not a channel; an access token has at most 4,096 characters. */
const ENVELOPE_BYTES = 8 * 1024;

/**
 * What one socket may do; `hello` carries it. The largest `subscribe` that these limits allow fits one message.
 */
export const limits = {
  channels_max: CHANNELS_MAX,
  message_bytes_max: CHANNELS_MAX * CHANNEL_BYTES + ENVELOPE_BYTES,
  messages_per_second: 20,
  messages_burst: 50,
  channels_per_second: 40,
  channels_burst: 2 * CHANNELS_MAX,
} as const;

/** Channels that all sockets of a user may ask for. At once everything that they may hold, as after a reconnect. */
export const userLimit = (socketsMax: number): RateLimit => ({
  perSecond: USER_CHANNELS_PER_SECOND,
  burst: socketsMax * CHANNELS_MAX,
});

/**
 * Pings keep an idle connection open. Proxies commonly cut one that carries nothing for 60 s, measured from the last
 * packet: with half of that a delayed ping, or one answered late, still comes in time.
 */
export const heartbeat = { pingInterval: 25_000, pingTimeout: 20_000 } as const;

/** How long before its end a client is warned about its token. */
export const EXPIRY_NOTICE_MS = 60_000;
/** Attempts of one connection to join a namespace: each costs the verification of a token. */
export const joinAttempts = { perSecond: 0.2, burst: 10 } as const;
/** Messages over the rate that are answered with an error before the socket is closed; one a second is forgiven. */
export const REFUSALS_MAX = 100;
/** Packets waiting in this process for one socket: above it is slow, below the other it has caught up. */
export const QUEUE_SLOW = 512;
export const QUEUE_CAUGHT_UP = 16;
/** A socket that is slow for longer is closed: what waits for it would fill the memory. */
export const SLOW_MAX_MS = 10_000;
