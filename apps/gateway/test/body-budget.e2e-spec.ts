import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { ingestBars } from '@mystocks/contracts';
import { waitFor } from '@mystocks/testing';
import { startGateway, type Gateway } from './harness.js';

let gateway: Gateway;
const sockets: Socket[] = [];
beforeAll(async () => {
  gateway = await startGateway('/dev/null', { bodyBytesMax: 300_000 });
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});
afterAll(() => gateway.close());

/** A client that has sent `sent` bytes of a body of `length` bytes, and everything it was told. */
function sender(length: number, sent: number): { readonly socket: Socket; told: string } {
  const socket = connect(gateway.port, '127.0.0.1');
  const one = { socket, told: '' };
  sockets.push(socket);
  socket.on('error', () => undefined).on('data', (chunk) => (one.told += chunk.toString()));
  const head = [
    'POST /api/v2/batch/bars HTTP/1.1',
    'host: a',
    `authorization: Bearer ${gateway.token('operator')}`,
    'content-type: application/json',
    `content-length: ${length}`,
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  socket.write(Buffer.alloc(sent, ' '));
  return one;
}

it('Bodies that are announced take nothing, those that have come do, and one too many is refused until there is room', async () => {
  const slow = Array.from({ length: 20 }, () => sender(1_000_000, 10));
  const large = sender(1_000_000, 250_000);
  await waitFor(() => gateway.edge.port.bodies.held === 250_200, { timeoutMs: 10_000 });
  const refused = sender(100_000, 100_000);
  await waitFor(() => refused.told.includes('"retryable":true'), { timeoutMs: 10_000 });
  expect(refused.told).toMatch(/^HTTP\/1\.1 503 /);
  expect(refused.told).toContain('retry-after: 1');
  expect(refused.told).toContain('OVERLOADED');
  // What was refused is not carried out although all of it came.
  expect(gateway.count(ingestBars)).toBe(0);
  large.socket.destroy();
  await waitFor(() => gateway.edge.port.bodies.held === 200, { timeoutMs: 10_000 });
  for (const { socket } of slow) socket.destroy();
  await waitFor(() => gateway.edge.port.bodies.held === 0, { timeoutMs: 10_000 });
  const taken = sender(100_000, 100_000);
  await waitFor(() => taken.told.startsWith('HTTP/1.1 400 '), { timeoutMs: 10_000 });
  await waitFor(() => gateway.edge.port.bodies.held === 0, { timeoutMs: 10_000 });
});
