/**
 * Decides whether a handshake may go on. Browsers always send an Origin on a WebSocket handshake, so a missing one is
 * a program; `cors` of Socket.IO guards polling only and lets foreign pages in (reference/security.md M6).
 */
export function mayConnect(origin: string | undefined, allowed: ReadonlySet<string>): boolean {
  return origin === undefined || allowed.has(origin);
}

/** The origins of a comma list, exactly as browsers send them; `null` is never one. */
export function parseOrigins(list: string | undefined): ReadonlySet<string> {
  const names = (list ?? '').split(',').map((name) => name.trim());
  return new Set(names.filter((name) => name !== '' && name !== 'null'));
}
