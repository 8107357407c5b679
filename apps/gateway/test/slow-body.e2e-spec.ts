import { once } from 'node:events';
import { createConnection } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startGateway, type Gateway } from './harness.js';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway('/dev/null', { bodyMaxMs: 100 });
});
afterAll(() => gateway.close());

describe('a body that never ends', () => {
  it('a body that never ends is answered with 408 and its connection is closed', async () => {
    const socket = createConnection(gateway.port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.write(
      `POST /api/v2/quotes HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${gateway.token('admin')}\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{`,
    );
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer.toLowerCase()).toContain('connection: close');
    expect(answer).toContain('"status":408');
    expect(gateway.bus.called.filter(({ subject }) => subject.includes('quotes'))).toEqual([]);
  });
});
