import type { IncomingHttpHeaders } from 'node:http';

/** Scheme, host and port, and nothing behind them. */
const ORIGIN = /^https?:\/\/[^/?#@\\\s]+$/i;

/**
 * Decides whether a handshake may go on. Browsers always send an Origin on a WebSocket handshake, so a missing one means
 * a program. Some libraries for programs send the origin of the server itself: it is allowed when its host and port are
 * those of the `Host` header. The scheme does not matter, because a proxy in front may have ended TLS. `cors` of Socket.IO
 * would not be enough: it guards polling only.
 */
export function mayConnect({ origin, host }: IncomingHttpHeaders, allowed: ReadonlySet<string>): boolean {
  return origin === undefined || allowed.has(origin) || isOwn(origin, host);
}

/** Compares as URLs do: without regard to case, and with the default port of the scheme left out. */
function isOwn(origin: string, host: string | undefined): boolean {
  if (host === undefined || !ORIGIN.test(origin)) return false;
  const scheme = origin.slice(0, origin.indexOf('/'));
  const [asked, own] = [URL.parse(origin), URL.parse(`${scheme}//${host}`)];
  return asked !== null && asked.host === own?.host;
}

/** The origins of a comma list, exactly as browsers send them; `null` is never one. */
export function parseOrigins(list: string | undefined): ReadonlySet<string> {
  const names = (list ?? '').split(',').map((name) => name.trim());
  return new Set(names.filter((name) => name !== '' && name !== 'null'));
}
