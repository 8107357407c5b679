import { STATUS_CODES } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { signToken, waitFor } from '@mystocks/testing';
import { useCluster } from './cluster.js';

const { cluster, open } = useCluster();
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** A client that never closes its side by itself, and everything it was told. */
function client(): { readonly socket: Socket; told: string } {
  const socket = connect({
    port: Number(new URL(cluster().nodes[0].url).port),
    host: '127.0.0.1',
    allowHalfOpen: true,
  });
  const one = { socket, told: '' };
  sockets.push(socket);
  socket.on('error', () => undefined).on('data', (chunk) => (one.told += chunk.toString('latin1')));
  return one;
}

const head = (start: string, ...headers: string[]): string =>
  `${[`${start} HTTP/1.1`, 'host: a', 'x-request-id: request-0001', ...headers].join('\r\n')}\r\n\r\n`;
const handshake = (path: string, ...headers: string[]): string =>
  head(
    `GET ${path}`,
    'connection: upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
    'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==',
    ...headers,
  );
const PATH = '/socket.io/?EIO=4&transport=websocket';

describe('a request that is no WebSocket handshake of Socket.IO', () => {
  it.each<[string, string, number]>([
    ['of another path', head('GET /'), 404],
    ['that polls', head('GET /socket.io/?EIO=4&transport=polling'), 404],
    ['that polls with a body that never comes', head('POST /socket.io/?sid=a', 'content-length: 1000000'), 404],
    ['with a body that waits for 100 Continue', head('PUT /a', 'expect: 100-continue', 'content-length: 9'), 404],
    ['that upgrades another path', handshake('/other'), 404],
    ['that speaks another version of Engine.IO', handshake('/socket.io/?EIO=3&transport=websocket'), 400],
    ['of an origin that may not connect', handshake(PATH, 'origin: https://evil.example'), 403],
    ['that is not HTTP', 'nothing\r\n\r\n', 400],
  ])('%s is refused at once with a problem document', async (_what, request, status) => {
    const one = client();
    one.socket.write(request);
    await waitFor(() => one.told.includes('"retryable"'), { timeoutMs: 10_000 });
    expect(one.told.split('\r\n', 1)).toEqual([`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`]);
    expect(one.told).toContain('content-type: application/problem+json');
    expect(one.told).toContain('x-content-type-options: nosniff');
    expect(one.told).toContain(status === 400 && request.startsWith('nothing') ? 'x-request-id: ' : 'request-0001');
  });
});

it('A body that comes after the refusal is read for seconds only', async () => {
  const one = client();
  one.socket.write(head('POST /', 'content-type: text/csv', 'content-length: 1000000'));
  const timer = setInterval(() => one.socket.write('x'), 500);
  try {
    await waitFor(() => one.socket.destroyed, { timeoutMs: 10_000 });
    expect(one.told).toMatch(/^HTTP\/1\.1 404 /);
  } finally {
    clearInterval(timer);
  }
});

it('A socket that never authenticates is closed although it sends, one that did stays', async () => {
  const joined = await open(0);
  const [silent, pinging] = [client(), client()];
  for (const { socket } of [silent, pinging]) socket.write(handshake(PATH));
  await waitFor(() => silent.told.includes('HTTP/1.1 101 '), { timeoutMs: 10_000 });
  // An empty text frame, masked with zeros: traffic is no identity.
  const timer = setInterval(() => pinging.socket.write(Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x33])), 1_000);
  try {
    await waitFor(() => silent.socket.readableEnded && pinging.socket.readableEnded, { timeoutMs: 30_000 });
  } finally {
    clearInterval(timer);
  }
  expect(joined.socket.connected).toBe(true);
  await open(0, '/market', { token: signToken(['user']) });
});

it('Clients that break off leave no error in the log, and limits are told by readiness and metrics', async () => {
  const [node] = cluster().nodes;
  for (let index = 0; index < 20; index += 1) {
    const one = client();
    one.socket.write(head('POST /', 'content-length: 1000'), () => one.socket.resetAndDestroy());
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(node.output()).not.toContain('"level":"error"');
  expect(JSON.stringify((await node.readiness()).body)).toMatch(/"connections":\{[^}]*"max":\d+/);
  const metrics = await (await fetch(`${node.managementUrl}/metrics`)).text();
  expect(metrics).toMatch(/http_connections\{state="max"\} \d+/);
  expect(metrics).toMatch(/http_connections_closed_total\{reason="not_joined"\} 2/);
});
