import { request as httpRequest, type OutgoingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cancelOperation, dropAnswers, Failure, getMe, issueToken, latestQuotes } from '@mystocks/contracts';
import { answerOf, startGateway, type Gateway } from './harness.js';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
  gateway.bus
    .answer(latestQuotes, () => answerOf({ quotes: {} }))
    .answer(cancelOperation, () => {
      throw new Failure('conflict', 'The operation has ended');
    })
    .answer(dropAnswers, () => ({ dropped: 0 }) as never)
    .answer(issueToken, () => {
      throw new Failure('unauthenticated', 'User name or password is wrong');
    })
    .answer(getMe, () => {
      throw new Failure('unauthenticated', 'not asked');
    });
});
afterAll(() => gateway.close());

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** One request that sends its whole body before it looks at the answer, as simple clients do. */
function send(
  method: string,
  path: string,
  headers: OutgoingHttpHeaders,
  { body = Buffer.alloc(0), port = gateway.port }: { readonly body?: Buffer; readonly port?: number } = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const call = httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false });
    call.once('error', reject).once('response', (response) => {
      const parts: Buffer[] = [];
      response
        .on('data', (part: Buffer) => parts.push(part))
        .once('end', () => {
          const text = Buffer.concat(parts).toString();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        });
    });
    call.end(body);
  });
}

/** Writes bytes on a socket of its own, all of them before reading; gives back everything that came, to the end. */
function exchange(head: string, body: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(gateway.port, '127.0.0.1');
    const parts: Buffer[] = [];
    socket.pause();
    socket.once('error', reject);
    socket.write(head);
    socket.write(body, () => {
      socket.on('data', (part) => {
        parts.push(part);
        if (Buffer.concat(parts).includes('"retryable"')) socket.destroy();
      });
      socket.resume();
    });
    socket.once('close', () => {
      resolve(Buffer.concat(parts).toString());
    });
  });
}

const bearer = (role: 'operator' | 'admin' | 'user' = 'operator'): { authorization: string } => ({
  authorization: `Bearer ${gateway.token(role)}`,
});
const json = ({ text }: Reply): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;
const quotesPath = '/api/v2/stocks/quotes/latest?symbols=600000.SH';

describe('A DELETE without a body', () => {
  const operation = '/api/v2/operations/7b0c6a9e-3f1d-4a57-9f0e-2f1a5a3d9c11';
  it.each([{}, { 'content-type': 'application/json' }, { 'content-type': 'text/plain' }])(
    'A DELETE without a body is answered the same whatever Content-Type %j it carries',
    async (type) => {
      expect((await send('DELETE', operation, { ...bearer(), ...type })).status).toBe(409);
      const key = `/api/v2/cache/keys/${'A'.repeat(43)}`;
      expect((await send('DELETE', key, { ...bearer(), ...type })).status).not.toBe(400);
    },
  );
});

describe('A body of a Content-Type that the route does not take', () => {
  it.each([1_000, 20_000, 2_000_000])(
    'A body of a Content-Type that the route does not take is refused with 415 that names what the route takes (%d bytes)',
    async (size) => {
      const headers = { ...bearer(), 'content-type': 'application/x-www-form-urlencoded' };
      const reply = await send('POST', '/api/v2/batch/bars', headers, { body: Buffer.alloc(size, 'x') });
      expect(reply.status).toBe(415);
      expect(json(reply)['detail']).toContain('application/json, application/x-ndjson, text/csv');
    },
  );

  it('A body of a Content-Type that the route does not take is refused with 415 when there is no Content-Type at all', async () => {
    const reply = await send(
      'POST',
      '/api/v2/quotes',
      { ...bearer('admin'), 'content-length': 2 },
      { body: Buffer.from('{}') },
    );
    expect(reply.status).toBe(415);
    expect(json(reply)['detail']).toContain('application/json');
  });

  it.each(['/api/v1/auth/login', '/api/v2/auth/token'])('names the type of form that %s takes', async (path) => {
    const form = Buffer.from('--b\r\nContent-Disposition: form-data; name="username"\r\n\r\nnobody\r\n--b--\r\n');
    const multipart = await send('POST', path, { 'content-type': 'multipart/form-data; boundary=b' }, { body: form });
    expect(multipart.status).toBe(415);
    expect(multipart.text).toContain('application/x-www-form-urlencoded');
    const fields = Buffer.from('grant_type=password&username=unknown&password=wrong-password-1');
    const urlencoded = await send(
      'POST',
      path,
      { 'content-type': 'application/x-www-form-urlencoded' },
      { body: fields },
    );
    expect(urlencoded.status).toBe(401);
  });
});

describe('A sender that writes its whole body before it reads', () => {
  it.each([
    ['JSON', 'application/json', Buffer.alloc(10_000_000, ' '), 413],
    ['CSV with a header of tabs', 'text/csv', Buffer.from(`code\texchange\n${'1,2,3\n'.repeat(3_000_000)}`), 400],
    ['a form', 'application/x-www-form-urlencoded', Buffer.alloc(10_000_000, 'x'), 415],
  ])('hears why %s is refused instead of a broken connection', async (_, type, body, status) => {
    const head = [
      'POST /api/v2/batch/bars HTTP/1.1',
      'Host: 127.0.0.1',
      `Authorization: ${bearer().authorization}`,
      `Content-Type: ${type}`,
      `Content-Length: ${body.length}`,
    ].join('\r\n');
    const answer = await exchange(`${head}\r\n\r\n`, body);
    expect(answer.slice(0, 12)).toBe(`HTTP/1.1 ${status}`);
  });
});

describe('The Authorization header', () => {
  it('The Authorization header is refused when it stands twice, also when the first token was seen before', async () => {
    const { authorization } = bearer('user');
    expect((await send('GET', quotesPath, { authorization })).status).toBe(200);
    const twice = { authorization: [authorization, 'Bearer other'] } as unknown as OutgoingHttpHeaders;
    for (let round = 0; round < 2; round += 1) expect((await send('GET', quotesPath, twice)).status).toBe(401);
  });

  it('The Authorization header may have more than one blank before the token', async () => {
    const [scheme, token] = bearer('user').authorization.split(' ');
    expect((await send('GET', quotesPath, { authorization: `${scheme}  ${token}` })).status).toBe(200);
  });
});

describe('A query string', () => {
  const get = (query: string, path = '/api/v2/stocks/quotes/latest'): Promise<Reply> =>
    send('GET', `${path}?${query}`, bearer('user'));

  it.each(['%09', '%0A', '%0D', '%00', '%C2%A0', '%EF%BB%BF'])(
    'A query string is refused where a symbol of a list has %s beside it, as a path is',
    async (code) => {
      expect((await get('symbols=600000.SH,%20000001.SZ%20')).status).toBe(200);
      for (const list of [`${code}600000.SH`, `600000.SH${code},000001.SZ`]) {
        expect((await get(`symbols=${list}`)).status).toBe(400);
        expect((await get(`symbols=${list}`, '/api/v1/market/quotes')).status).toBe(400);
      }
      expect((await send('GET', `/api/v2/stocks/600000.SH${code}/bars`, bearer('user'))).status).toBe(400);
    },
  );

  it('names the parameter that it gives twice', async () => {
    const reply = await get('symbols=600000.SH&adjustment=none&adjustment=qfq', '/api/v2/stocks/bars');
    expect([reply.status, json(reply)['detail']]).toEqual([400, 'adjustment is given twice']);
  });
});

it('An expectation that the gateway does not know is refused with a problem document', async () => {
  const headers = { ...bearer(), 'content-type': 'application/json', expect: '200-ok' };
  const reply = await send('POST', '/api/v2/quotes', headers, { body: Buffer.from('{}') });
  expect(reply.status).toBe(417);
  expect(reply.headers['content-type']).toContain('application/problem+json');
  expect(json(reply)['status']).toBe(417);
});

it('Every answer of a draining gateway asks its client to open a new connection', async () => {
  const draining = await startGateway();
  draining.bus.answer(latestQuotes, () => answerOf({ quotes: {} }));
  try {
    const connectionOf = async (path: string): Promise<unknown> =>
      (await send('GET', path, { ...bearer('user'), connection: 'keep-alive' }, { port: draining.port })).headers[
        'connection'
      ];
    expect(await connectionOf(quotesPath)).toBe('keep-alive');
    draining.edge.drain();
    expect(await connectionOf(quotesPath)).toBe('close');
    expect(await connectionOf('/api/v2/stocks/600000.SH/nothing')).toBe('close');
  } finally {
    await draining.close();
  }
});
