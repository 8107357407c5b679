import { createConnection } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  getMe,
  ingestBars,
  listUsers,
  readAnswer,
  recordQuotes,
  registerUser,
  type IngestReport,
} from '@mystocks/contracts';
import { answerOf, startGateway, user, type Gateway } from './harness.js';

let gateway: Gateway;
const report: IngestReport = {
  total: 1,
  inserted: 1,
  updated: 0,
  unchanged: 0,
  failed: 0,
  items: [{ line: 1, id: 'x', status: 201 }],
  ignored_columns: [],
  registered: [],
  took_ms: 1,
  lsn: '0/1',
};

beforeAll(async () => {
  gateway = await startGateway();
  gateway.bus
    .answer(readAnswer, () => answerOf({ bars: [] }))
    .answer(ingestBars, () => report)
    .answer(recordQuotes, () => report)
    .answer(registerUser, () => user)
    .answer(getMe, () => user)
    .answer(listUsers, () => ({ users: [user] }));
});
afterAll(() => gateway.close());
// Keys are fetched with the first token.
beforeAll(async () => {
  await gateway.get('/api/v2/auth/me', { token: gateway.token('admin') });
});

const post = (
  path: string,
  body: string | Buffer,
  type = 'application/json',
  roles = gateway.token('admin'),
): Promise<Response> => gateway.get(path, { method: 'POST', body, headers: { 'content-type': type }, token: roles });

async function problem(
  response: Response,
): Promise<{ status: number; code: number; title: string; errors: { pointer: string }[] }> {
  expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(response.headers.get('strict-transport-security')).toContain('max-age');
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(response.headers.get('traceparent')).toMatch(/^00-/);
  const body = (await response.json()) as {
    status: number;
    code: number;
    title: string;
    errors: { pointer: string }[];
    request_id: string;
    trace_id: string;
  };
  expect(body.status).toBe(response.status);
  expect(Array.isArray(body.errors)).toBe(true);
  expect(body.request_id).toBe(response.headers.get('x-request-id'));
  expect(response.headers.get('traceparent')).toContain(body.trace_id);
  return body;
}

describe('bad input is a problem with the right status, and reaches no service', () => {
  const bars = '/api/v2/stocks/600519.SH/bars';
  it.each([
    ['limit 0', `${bars}?limit=0`, 400, 1001],
    ['limit -1', `${bars}?limit=-1`, 400, 1001],
    ['limit 10^9', `${bars}?limit=1000000000`, 400, 1001],
    ['limit 1e3', `${bars}?limit=1e3`, 400, 1001],
    ['limit NaN', `${bars}?limit=NaN`, 400, 1001],
    ['an absurd day', `${bars}?start=2023-02-30`, 400, 1204],
    ['year 0', `${bars}?start=0000-01-01`, 400, 1204],
    ['year 275760', `${bars}?end=275760-09-13`, 400, 1204],
    ['an unknown frame', `${bars}?timeframe=2Day`, 400, 2000],
    ['a frame named like a method of objects', `${bars}?timeframe=constructor`, 400, 2000],
    ['an unknown adjustment', `${bars}?adjustment=both`, 400, 2001],
    ['an unknown parameter', `${bars}?timeframes=1Day`, 400, 1001],
    ['__proto__ as parameter', `${bars}?__proto__=1`, 400, 1001],
    ['a parameter twice', `${bars}?limit=1&limit=2`, 400, 1001],
    ['a parameter both in path and query', `${bars}?symbol=000001.SZ`, 400, 1001],
    ['broken percent encoding', `${bars}?start=%E0%A4%A`, 400, 1001],
    ['a symbol with a quote', "/api/v2/stocks/600519'/bars", 400, 1102],
    ['a symbol with SQL', "/api/v2/stocks/600519.SH';DROP TABLE bars--/bars", 400, 1102],
    ['Unicode digits', '/api/v2/stocks/６００５１９.SH/bars', 400, 1102],
    ['Arabic digits', '/api/v2/stocks/٦٠٠٥١٩/bars', 400, 1102],
    ['a symbol with NUL', '/api/v2/stocks/600519%00/bars', 400, 1102],
    ['a wildcard of the bus', '/api/v2/stocks/600519.%3E/bars', 400, 1102],
    ['101 symbols', `/api/v2/stocks/bars?symbols=${'600519,'.repeat(100)}600519`, 400, 1102],
    ['no symbols', '/api/v2/stocks/bars', 400, 1102],
    ['an over-long symbol', `/api/v2/stocks/${'6'.repeat(300)}/bars`, 400, 1102],
    ['no dates for the calendar', '/api/v2/calendar', 400, 1204],
    ['an unknown route', '/api/v2/nothing', 404, 1001],
    ['an unknown version', '/api/v9/stocks', 404, 1001],
    ['a path that climbs', '/api/v2/../../etc/passwd', 404, 1001],
  ])('%s', async (_what, path, status, code) => {
    gateway.bus.called.length = 0;
    const told = await problem(await gateway.get(path));
    expect([told.status, told.code]).toEqual([status, code]);
    expect(gateway.bus.called).toEqual([]);
  });

  const quote = { symbol: '600519.SH', t: '2024-06-14T09:31:00+08:00', last: 1.5 };
  it.each<[string, string, string | Buffer, string, number]>([
    ['malformed JSON', '/api/v2/quotes', '{"symbol":', 'application/json', 400],
    ['no body', '/api/v2/quotes', '', 'application/json', 400],
    ['null', '/api/v2/quotes', 'null', 'application/json', 400],
    ['a number', '/api/v2/quotes', '5', 'application/json', 400],
    ['an array', '/api/v2/quotes', '[]', 'application/json', 400],
    ['a key twice', '/api/v2/quotes', '{"symbol":"600519.SH","symbol":"000001.SZ"}', 'application/json', 400],
    ['a key twice, once escaped', '/api/v2/quotes', '{"a":1,"\\u0061":2}', 'application/json', 400],
    ['__proto__', '/api/v2/quotes', '{"__proto__":{"admin":true}}', 'application/json', 400],
    ['an escaped __proto__', '/api/v2/quotes', '{"\\u005f_proto__":1}', 'application/json', 400],
    ['a deep body', '/api/v2/quotes', `${'['.repeat(50_000)}${']'.repeat(50_000)}`, 'application/json', 400],
    ['bytes that are not UTF-8', '/api/v2/quotes', Buffer.from([0x22, 0xff, 0x22]), 'application/json', 400],
    ['a price as text', '/api/v2/quotes', JSON.stringify({ ...quote, last: '1.5' }), 'application/json', 400],
    ['a negative price', '/api/v2/quotes', JSON.stringify({ ...quote, last: -1 }), 'application/json', 400],
    ['an unknown field', '/api/v2/quotes', JSON.stringify({ ...quote, lats: 1 }), 'application/json', 400],
    [
      'an unknown field deep inside',
      '/api/v2/quotes',
      JSON.stringify({ ...quote, bids: [{ p: 1, s: 1, q: 1 }] }),
      'application/json',
      400,
    ],
    ['a body over the limit', '/api/v2/quotes', JSON.stringify({ x: 'y'.repeat(1_100_000) }), 'application/json', 413],
    ['a stream where none is taken', '/api/v2/quotes', 'a,b', 'text/csv', 415],
    ['another Content-Type', '/api/v2/quotes', '<xml/>', 'application/xml', 415],
    [
      '1,001 items',
      '/api/v2/batch/bars',
      JSON.stringify({ items: Array.from({ length: 1_001 }, () => ({})) }),
      'application/json',
      400,
    ],
    ['no items', '/api/v2/batch/bars', '{"items":[]}', 'application/json', 400],
    ['items that are no list', '/api/v2/batch/bars', '{"items":{}}', 'application/json', 400],
    ['no quotes', '/api/v2/quotes', '{"quotes":[]}', 'application/json', 400],
    [
      'a password that is too short',
      '/api/v2/auth/register',
      '{"username":"desk","password":"short"}',
      'application/json',
      400,
    ],
    [
      'a self-given role',
      '/api/v2/auth/register',
      '{"username":"desk-1","password":"long enough, really","roles":["admin"]}',
      'application/json',
      400,
    ],
    [
      'another grant',
      '/api/v2/auth/token',
      'grant_type=client_credentials&username=a&password=b',
      'application/x-www-form-urlencoded',
      400,
    ],
    ['a form field twice', '/api/v2/auth/token', 'username=a&username=b', 'application/x-www-form-urlencoded', 400],
    ['concurrency 9', '/api/v2/batch/bars?concurrency=9', '{}\n', 'application/x-ndjson', 400],
  ])('%s', async (_what, path, body, type, status) => {
    gateway.bus.called.length = 0;
    expect((await problem(await post(path, body, type))).status).toBe(status);
    expect(gateway.bus.called).toEqual([]);
  });

  it('names every wrong field by its pointer', async () => {
    const wrong = {
      ...quote,
      last: 'x',
      v: -1,
      bids: [
        { p: 1, s: 1 },
        { p: 'x', s: 1 },
      ],
    };
    const told = await problem(await post('/api/v2/quotes', JSON.stringify(wrong)));
    expect(told.errors.map(({ pointer }) => pointer)).toEqual(['/last', '/v', '/bids/1/p']);
  });

  it('refuses compressed bodies and unreadable HTTP', async () => {
    const packed = await gateway.get('/api/v2/quotes', {
      method: 'POST',
      body: '{}',
      token: gateway.token('admin'),
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    });
    expect((await problem(packed)).status).toBe(415);
    for (const [raw, status] of [
      ['NONSENSE\r\n\r\n', 400],
      [`GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
      ['GET /api/v2/clock HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n', 400],
    ] as const) {
      const answer = await rawAnswer(raw);
      expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(answer).toContain('x-content-type-options: nosniff');
      expect(answer).toContain('x-request-id: ');
    }
  });

  it('tells a wrong method from a wrong path', async () => {
    const response = await gateway.get('/api/v2/stocks/600519.SH/bars', { method: 'DELETE' });
    expect(response.headers.get('allow')).toBe('GET, HEAD');
    expect((await problem(response)).status).toBe(405);
  });

  it('never passes on the text of an unknown error', async () => {
    gateway.bus.answer(listUsers, () => {
      throw new Error('password=hunter2 at /srv/app.ts:1');
    });
    const response = await gateway.get('/api/v2/users', { token: gateway.token('admin') });
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(text).not.toMatch(/hunter2|app\.ts/);
    gateway.bus.answer(listUsers, () => ({ users: [user] }));
  });
});

function rawAnswer(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(gateway.port, '127.0.0.1', () => socket.write(text));
    let got = '';
    socket.on('data', (chunk) => (got += chunk.toString()));
    socket.on('close', () => {
      resolve(got);
    });
    socket.on('error', reject);
  });
}
