/** The request headers that decide about a hot answer. */
export interface HotHeaders {
  authorization?: string;
  ifNoneMatch?: string;
  readAfter?: string;
  requestId?: string;
  traceparent?: string;
}

const fields = new Map<string, keyof HotHeaders>([
  ['authorization', 'authorization'],
  ['if-none-match', 'ifNoneMatch'],
  ['x-read-after', 'readAfter'],
  ['x-request-id', 'requestId'],
  ['traceparent', 'traceparent'],
]);
/** A request with one of these goes the long way: it has a body or a deadline of its own. */
const longWay = new Set(['content-length', 'transfer-encoding', 'x-deadline-ms']);
const lengths = new Set([...fields.keys(), ...longWay].map(({ length }) => length));

/**
 * Reads what the hot path needs straight from the raw headers: building `request.headers` costs more than the whole
 * lookup of an answer. A request with a body, a deadline or a header given twice is `undefined`: the long way decides.
 */
export function hotHeadersOf(raw: readonly string[]): HotHeaders | undefined {
  const asked: HotHeaders = {};
  for (let at = 0; at < raw.length; at += 2) {
    const given = raw[at] ?? '';
    if (!lengths.has(given.length)) continue;
    const name = given.toLowerCase();
    const field = fields.get(name);
    if (field === undefined) {
      if (longWay.has(name)) return undefined;
      continue;
    }
    if (asked[field] !== undefined) return undefined;
    asked[field] = raw[at + 1] ?? '';
  }
  return asked;
}

/** What follows `Bearer `. It is only ever looked up among tokens that were verified before, so its form is not asked. */
export function tokenOf(authorization: string | undefined): string | undefined {
  if (authorization === undefined || authorization.slice(0, 7).toLowerCase() !== 'bearer ') return undefined;
  return authorization.slice(7);
}
