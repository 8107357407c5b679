import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Failure, ingestBars, issueToken } from '@mystocks/contracts';
import { startGateway, type Gateway } from './harness.js';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
  gateway.bus
    .answer(ingestBars, () => {
      throw new Failure('unavailable', 'The store is away');
    })
    .answer(issueToken, () => {
      throw new Failure('unauthenticated', 'User name or password is wrong');
    });
});
afterAll(() => gateway.close());

/** Sends a head alone, and gives back what is answered before any of the body is there. */
async function answerToHead(
  path: string,
  { method = 'POST', ...headers }: Readonly<Record<string, string>>,
): Promise<{ readonly text: string; readonly end: () => Promise<string>; readonly leave: () => void }> {
  const socket = connect(gateway.port, '127.0.0.1').on('error', () => undefined);
  let text = '';
  socket.on('data', (part) => (text += part.toString()));
  const lines = Object.entries({ host: 'a', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  await once(socket, 'data');
  return {
    text,
    end: async () => {
      if (!socket.destroyed) await once(socket, 'close');
      return text;
    },
    leave: () => socket.destroy(),
  };
}

const bearer = (role: 'user' | 'operator'): { authorization: string } => ({
  authorization: `Bearer ${gateway.token(role)}`,
});
const large = { 'content-length': '1000000' };

describe('a request with a body', () => {
  it.each([
    ['/api/v2/batch/bars', 'application/json'],
    ['/api/v2/batch/bars', 'text/csv'],
    ['/api/v2/batch/bars', 'application/x-ndjson'],
    ['/api/v2/uploads', 'multipart/form-data; boundary=b'],
    ['/api/v2/quotes', 'application/json'],
    ['/api/v2/cache/prewarm', 'application/json'],
  ])(
    'a request with a body on %s of %s is refused by its head when it has no good token, or one that may not',
    async (path, type) => {
      const head = { ...large, 'content-type': type };
      expect((await answerToHead(path, head)).text).toMatch(/^HTTP\/1\.1 401 /);
      const forged = { ...head, authorization: `${bearer('operator').authorization.slice(0, -5)}AAAAA` };
      expect((await answerToHead(path, forged)).text).toMatch(/^HTTP\/1\.1 401 /);
      expect((await answerToHead(path, { ...head, ...bearer('user') })).text).toMatch(/^HTTP\/1\.1 403 /);
    },
  );

  it.each(['application/json', 'text/csv', 'multipart/form-data; boundary=b'])(
    'a request with a body of %s to a path or with a method that does not exist is refused by its head',
    async (type) => {
      const head = { ...large, 'content-type': type };
      expect((await answerToHead('/api/v2/nothing', head)).text).toMatch(/^HTTP\/1\.1 404 /);
      expect((await answerToHead('/api/v2/quotes', { ...head, method: 'PUT' })).text).toMatch(/^HTTP\/1\.1 405 /);
    },
  );

  it('a request with a body that is read whole is refused by its length where its route takes less', async () => {
    const json = { ...large, 'content-type': 'application/json' };
    const form = { ...large, 'content-type': 'application/x-www-form-urlencoded' };
    for (const path of ['/api/v2/auth/token', '/api/v2/auth/register', '/api/v2/auth/bootstrap'])
      expect((await answerToHead(path, json)).text).toMatch(/^HTTP\/1\.1 413 /);
    for (const path of ['/api/v2/auth/token', '/api/v1/auth/login'])
      expect((await answerToHead(path, form)).text).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('a request with a body without a length is refused as soon as it is larger than its route takes', async () => {
    const body = new ReadableStream({
      start: (controller) => {
        controller.enqueue(Buffer.from(`{"username":"${'x'.repeat(20_000)}"`));
        controller.close();
      },
    });
    const headers = { 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body, duplex: 'half', token: '' } as RequestInit & { token: string };
    expect((await gateway.get('/api/v2/auth/token', init)).status).toBe(413);
  });

  it('a request with a body of up to 1 MiB of JSON is passed on where lists are stored', async () => {
    const items = Array.from({ length: 1_000 }, (_, n) => ({ name: 'x'.repeat(900), n }));
    const response = await gateway.get('/api/v2/batch/bars', {
      method: 'POST',
      token: gateway.token('operator'),
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ items }),
    });
    expect([response.status, gateway.count(ingestBars)]).toEqual([503, 1]);
  });
});

describe('a client that asks whether it may send its body', () => {
  const huge = { 'content-length': '107374182400', expect: '100-continue' };

  it.each(['application/json', 'text/csv', 'multipart/form-data; boundary=b'])(
    'a client that asks whether it may send its body of %s without a token is refused at once, not asked for its body, and let go',
    async (type) => {
      const { end } = await answerToHead('/api/v2/batch/bars', { ...huge, 'content-type': type });
      const text = await end();
      expect(text).toMatch(/^HTTP\/1\.1 401 /);
      expect(text.toLowerCase()).toContain('connection: close');
      expect(text).not.toContain('100 Continue');
    },
  );

  it('a client that asks whether it may send its body is refused when the route takes no such type or length', async () => {
    const json = { ...huge, ...bearer('operator'), 'content-type': 'application/json' };
    expect(await (await answerToHead('/api/v2/batch/bars', json)).end()).toMatch(/^HTTP\/1\.1 413 /);
    const xml = { ...huge, ...bearer('operator'), 'content-type': 'text/xml' };
    expect(await (await answerToHead('/api/v2/batch/bars', xml)).end()).toMatch(/^HTTP\/1\.1 415 /);
  });

  it('a client that asks whether it may send its body is refused when its address has too many logins under way', async () => {
    const json = { 'content-type': 'application/json', 'content-length': '100', expect: '100-continue' };
    const path = '/api/v2/auth/token';
    const asked = await Promise.all(Array.from({ length: 32 }, () => answerToHead(path, json)));
    for (const { text } of asked) expect(text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    const text = await (await answerToHead(path, json)).end();
    for (const { leave } of asked) leave();
    expect(text).toMatch(/^HTTP\/1\.1 429 /);
    expect(text).not.toContain('100 Continue');
  });

  it('a client that asks whether it may send its body is asked for it once everything else is in order', async () => {
    const head = { ...huge, ...bearer('operator'), 'content-type': 'text/csv', 'content-length': '10' };
    expect((await answerToHead('/api/v2/batch/bars', head)).text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
  });
});
