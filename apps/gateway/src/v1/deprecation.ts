/** v1 was deprecated the day v2 came (RFC 9745) and ends no earlier than a year and a half later (RFC 8594). */
const DEPRECATED_SINCE = new Date('2026-11-01T00:00:00Z');
const SUNSET = new Date('2028-06-30T00:00:00Z');

const successors: Readonly<Record<string, string>> = {
  '/api/v1/auth/login': '/api/v2/auth/token',
  '/api/v1/auth/me': '/api/v2/auth/me',
  '/api/v1/auth/register': '/api/v2/auth/register',
  '/api/v1/market/kline': '/api/v2/stocks/{symbol}/bars',
  '/api/v1/market/quotes': '/api/v2/stocks/quotes/latest',
  '/api/v1/market/stocks': '/api/v2/symbols',
  '/api/v1/cache/status': '/api/v2/cache/status',
};

/** Headers of every answer of v1, errors too. */
export function deprecationHeaders(path: string): Record<string, string> {
  const successor = Object.hasOwn(successors, path) ? successors[path] : '/api/v2';
  return {
    deprecation: `@${DEPRECATED_SINCE.getTime() / 1_000}`,
    sunset: SUNSET.toUTCString(),
    link: `<${successor ?? '/api/v2'}>; rel="successor-version", </docs>; rel="deprecation"`,
  };
}
