/** What one subscriber may do; told in `hello`. */
export const limits = {
  channels_max: 200,
  message_bytes_max: 16 * 1024,
  messages_per_second: 20,
  messages_burst: 50,
} as const;

/** When a client is told that its token is about to end. */
export const EXPIRY_NOTICE_MS = 60_000;
/** Messages over the rate that are answered with an error before the socket is closed. */
export const REFUSALS_MAX = 100;
/** Packets waiting in this process for one socket: above it is slow, below the other it has caught up. */
export const QUEUE_SLOW = 512;
export const QUEUE_CAUGHT_UP = 16;
/** A socket that is slow for longer is closed (reference/reliability.md, backpressure). */
export const SLOW_MAX_MS = 10_000;
