import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes, randomUUID } from 'node:crypto';
import { laterLsn, type Lsn } from '@mystocks/kernel';

/** What travels with one request through every service: carried by HTTP and bus headers, read by logs and calls. */
export interface RequestContext {
  readonly requestId: string;
  /** W3C trace context, `00-<trace>-<span>-<flags>`. */
  readonly traceparent: string;
  /** The caller's own access token; each owning service checks it again. */
  readonly token?: string;
  /** Time after which the answer is no longer awaited, epoch ms. */
  readonly deadlineMs?: number;
  /** Log position that reads must have seen (X-Read-After). */
  readonly readAfter?: Lsn;
  /**
   * Where the client is, as the gateway saw it: an IPv4 address or the first 64 bits of an IPv6 address. Sent along with password work only, whose
   * turns are shared out by it.
   */
  readonly clientAddress?: string;
  /** What is being served: a route template or a bus subject. Of this process only, never sent on. */
  readonly route?: string;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs `work` with `context` around everything it starts. */
export function withContext<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

export function currentContext(): RequestContext | undefined {
  return storage.getStore();
}

/** The start of a request and trace of this process's own. */
export const newContext = (): RequestContext => ({
  requestId: requestIdFrom(undefined),
  traceparent: traceparentFrom(undefined),
});

/** Runs `work` so that what it reads shows every write up to `position` too. */
export function readingAfter<T>(position: Lsn | undefined, work: () => T): T {
  if (position === undefined) return work();
  const context = currentContext() ?? newContext();
  const readAfter = laterLsn(context.readAfter, position) ?? position;
  return withContext({ ...context, readAfter }, work);
}

/** Runs `work` for a caller who waits for it no more: in its name, but with neither its deadline nor its position. */
export function inBackground<T>(work: () => T): T {
  const context = currentContext();
  if (context === undefined) return work();
  const { requestId, traceparent, token } = context;
  return withContext({ requestId, traceparent, ...(token === undefined ? {} : { token }) }, work);
}

const REQUEST_ID = /^[A-Za-z0-9._-]{8,64}$/;
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The given id when it is well-formed (8 to 64 letters, digits or `._-`), else a new one. */
export function requestIdFrom(given: unknown): string {
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

/** The given trace continued with a new span, or a new trace. */
export function traceparentFrom(given: unknown): string {
  const span = randomHex(16);
  if (typeof given !== 'string' || !TRACEPARENT.test(given)) return `00-${randomHex(32)}-${span}-01`;
  return `${given.slice(0, 36)}${span}${given.slice(52)}`;
}

// Drawing a few bytes at a time costs more than the rest of a cached answer (12 % of the gateway's profile).
const POOL_DIGITS = 16_384;
let pool = '';
let used = POOL_DIGITS;

/** The next `digits` of a pool of random hexadecimal digits; none is given twice. */
function randomHex(digits: number): string {
  if (used + digits > pool.length) {
    pool = randomBytes(POOL_DIGITS / 2).toString('hex');
    used = 0;
  }
  used += digits;
  return pool.slice(used - digits, used);
}

/** The 32 hexadecimal digits of a trace. */
export const traceIdOf = (traceparent: string): string => traceparent.slice(3, 35);
