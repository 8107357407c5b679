import { once } from 'node:events';
import { request as httpRequest, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '@mystocks/testing';
import { continueBody, noteUpgraded, keepUpgraded, PublicPort, refuseRequest, type PortLimits } from './index.js';

const running: Server[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of running.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

type Listener = Parameters<PublicPort['createServer']>[0];

/** Far longer than any test waits, so that a connection is closed for the reason that its test is about, or not at all. */
const patient = { silentMs: 200_000, headersMs: 200_000, unreadMs: 200_000, joinMs: 200_000, discardMs: 200_000 };

/** Opens a port that answers every request with 200, or with `answer`. */
async function open(
  limits: Partial<PortLimits>,
  answer: Listener = (_request, response) => response.end('ok'),
): Promise<{ readonly port: PublicPort; readonly server: Server; readonly number: number }> {
  const port = new PublicPort({ ...patient, ...limits });
  const server = port.createServer(answer);
  running.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port, server, number: (server.address() as AddressInfo).port };
}

/** A client that never closes its side by itself, and everything it was told. */
function client(number: number, { reads = true } = {}): { readonly socket: Socket; told: string } {
  const socket = connect({ port: number, host: '127.0.0.1', allowHalfOpen: true });
  const one = { socket, told: '' };
  sockets.push(socket);
  socket.on('error', () => undefined);
  if (reads) socket.on('data', (chunk) => (one.told += chunk.toString()));
  return one;
}

const status = (number: number): Promise<number> =>
  fetch(`http://127.0.0.1:${number}/`, { headers: { connection: 'close' } }).then((response) => response.status);

const head = (method: string, ...headers: string[]): string =>
  `${[`${method} / HTTP/1.1`, 'host: a', ...headers].join('\r\n')}\r\n\r\n`;

describe('connections that send nothing', () => {
  it('connections that send nothing are closed for new ones, which are served all the time, and end by themselves', async () => {
    const { port, number } = await open({ connectionsMax: 50, silentMs: 1_000 });
    const silent = Array.from({ length: 80 }, () => client(number));
    await Promise.all(silent.map(({ socket }) => once(socket, 'connect')));
    for (let round = 0; round < 10; round += 1) expect(await status(number)).toBe(200);
    expect(port.connections.size).toBeLessThanOrEqual(50);
    await expect(port.check().probe()).resolves.toBeUndefined();
    await waitFor(() => port.connections.size === 0, { timeoutMs: 10_000 });
    await waitFor(() => silent.every(({ socket }) => socket.readableEnded || socket.destroyed), { timeoutMs: 10_000 });
  });
});

it('Of connections that have sent nothing the oldest are closed when there are many, those in use never', async () => {
  const { port, number } = await open({ silentConnectionsMax: 5 });
  const used = Array.from({ length: 10 }, () => client(number));
  for (const { socket } of used) socket.write(head('GET'));
  await waitFor(() => used.every(({ told }) => told !== ''), { timeoutMs: 10_000 });
  const silent = Array.from({ length: 20 }, () => client(number));
  await waitFor(() => silent.filter(({ socket }) => socket.readableEnded).length === 15, { timeoutMs: 10_000 });
  expect(port.connections.size).toBe(15);
  expect(used.some(({ socket }) => socket.readableEnded)).toBe(false);
});

describe('a port whose connections are all in use', () => {
  it('tells a new client to come again, destroys its connection, and says that it is not ready', async () => {
    const waiting: (() => void)[] = [];
    const { port, number } = await open({ connectionsMax: 2 }, (_request, response) => {
      waiting.push(() => response.end('ok'));
    });
    const answers = [status(number), status(number)];
    await waitFor(() => waiting.length === 2, { timeoutMs: 10_000 });
    await expect(port.check().probe()).rejects.toThrow('all 2 connections are in use');
    const third = client(number);
    await waitFor(() => third.told.includes('"retryable":true'), { timeoutMs: 10_000 });
    expect(third.told).toMatch(/^HTTP\/1\.1 503 /);
    expect(third.told).toContain('retry-after: 1');
    expect(third.told).toContain('x-content-type-options: nosniff');
    await waitFor(() => third.socket.readableEnded, { timeoutMs: 10_000 });
    // The server has left: it does not take bytes on a half-closed connection.
    await waitFor(() => !third.socket.write('x') || third.socket.destroyed, { timeoutMs: 10_000 });
    for (const answer of waiting) answer();
    expect(await Promise.all(answers)).toEqual([200, 200]);
    await expect(port.check().probe()).resolves.toBeUndefined();
  });

  it('closes the connection that has been idle for longest, not one that was just used', async () => {
    const { number } = await open({ connectionsMax: 2 });
    const [old, used] = [client(number), client(number)];
    for (const one of [old, used]) one.socket.write(head('GET'));
    await waitFor(() => old.told !== '' && used.told !== '', { timeoutMs: 10_000 });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    used.socket.write(head('GET'));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await status(number)).toBe(200);
    await waitFor(() => old.socket.readableEnded, { timeoutMs: 10_000 });
    expect(used.socket.readableEnded).toBe(false);
  });
});

it('An address has a number of connections; one more closes its own idle one, or is refused when all are in use', async () => {
  let answered = 0;
  const { number } = await open({ addressConnectionsMax: 2 }, (request, response) => {
    answered += 1;
    if (request.method === 'GET') response.end('ok');
  });
  const [silent, busy] = [client(number), client(number)];
  busy.socket.write(head('POST'));
  await waitFor(() => answered === 1, { timeoutMs: 10_000 });
  const another = client(number);
  await waitFor(() => silent.socket.readableEnded, { timeoutMs: 10_000 });
  another.socket.write(head('POST'));
  await waitFor(() => answered === 2, { timeoutMs: 10_000 });
  const refused = client(number);
  await waitFor(() => refused.told.startsWith('HTTP/1.1 503 '), { timeoutMs: 10_000 });
});

it('Headers that take too long are answered with 408 and their connection is destroyed', async () => {
  const { port, number } = await open({ headersMs: 500 });
  const slow = client(number);
  slow.socket.write('GET / HTTP/1.1\r\nhost: a\r\n');
  await waitFor(() => slow.told.includes('"status":408'), { timeoutMs: 10_000 });
  expect(slow.told).toContain('connection: close');
  await waitFor(() => port.connections.size === 0, { timeoutMs: 10_000 });
});

it('What is not HTTP is answered with 400, and its connection is destroyed although the client goes on sending', async () => {
  const { port, number } = await open({});
  const odd = client(number);
  odd.socket.write('no HTTP at all\r\n\r\n');
  const timer = setInterval(() => odd.socket.write('x'), 100);
  try {
    await waitFor(() => odd.told.includes('"status":400'), { timeoutMs: 10_000 });
    await waitFor(() => port.connections.size === 0, { timeoutMs: 10_000 });
  } finally {
    clearInterval(timer);
  }
});

it('A client that never reads its answer is closed, one that reads slowly is not', async () => {
  const { port, number } = await open({ unreadMs: 3_000 }, (_request, response) =>
    response.end(Buffer.alloc(60_000_000)),
  );
  const [deaf, slow] = [client(number, { reads: false }), client(number, { reads: false })];
  for (const { socket } of [deaf, slow]) socket.pause().write(head('GET'));
  // It reads so much at a time that the kernel takes more from the server each time, six times within the limit.
  let untilBytes = 0;
  slow.socket.on('data', () => (slow.socket.bytesRead < untilBytes ? undefined : slow.socket.pause()));
  const timer = setInterval(() => {
    untilBytes = slow.socket.bytesRead + 2_000_000;
    slow.socket.resume();
  }, 500);
  try {
    await waitFor(() => port.connections.size === 1, { timeoutMs: 15_000 });
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    expect(port.connections.size).toBe(1);
  } finally {
    clearInterval(timer);
  }
});

describe('a body whose request was answered before its end', () => {
  it('a body whose request was answered before its end may come for a limited time, however slowly', async () => {
    const { port, number } = await open({ discardMs: 1_000 });
    const slow = client(number);
    slow.socket.write(head('POST', 'content-length: 1000000'));
    const timer = setInterval(() => slow.socket.write('x'), 100);
    try {
      await waitFor(() => slow.told.startsWith('HTTP/1.1 200 '), { timeoutMs: 10_000 });
      await waitFor(() => port.connections.size === 0, { timeoutMs: 10_000 });
    } finally {
      clearInterval(timer);
    }
  });

  it('a body whose request was answered before its end may have a limited size', async () => {
    const { port, number } = await open({ discardBytesMax: 1_000_000 });
    const fast = client(number);
    fast.socket.write(head('POST', 'content-length: 100000000000'));
    const chunk = Buffer.alloc(65_536);
    const send = (): void => {
      while (!fast.socket.destroyed && fast.socket.write(chunk));
    };
    fast.socket.on('drain', send);
    send();
    await waitFor(() => port.connections.size === 0, { timeoutMs: 10_000 });
  });
});

describe('Expect: 100-continue', () => {
  it('100-continue is answered only when the request passed its checks; a refusal ends the connection', async () => {
    const { port, number } = await open({}, (request, response) => {
      if (request.method === 'PUT') refuseRequest(request, response, 404);
      else {
        continueBody(response);
        request.resume().once('end', () => response.end('ok'));
      }
    });
    const refused = client(number);
    refused.socket.write(head('PUT', 'expect: 100-continue', 'content-length: 100000000000'));
    await waitFor(() => refused.told.includes('"retryable"'), { timeoutMs: 10_000 });
    expect(refused.told).toMatch(/^HTTP\/1\.1 404 /);
    expect(refused.told.toLowerCase()).toContain('connection: close');
    await waitFor(() => port.connections.size === 0, { timeoutMs: 10_000 });
    const call = httpRequest({ port: number, host: '127.0.0.1', method: 'POST', headers: { expect: '100-continue' } });
    call.flushHeaders();
    await once(call, 'continue');
    call.end('body');
    const [response] = (await once(call, 'response')) as [{ statusCode: number }];
    expect(response.statusCode).toBe(200);
  });
});

it('An upgraded connection ends after a while unless it is said to belong to an authenticated client', async () => {
  const { port, server, number } = await open({ joinMs: 1_000 });
  server.on('upgrade', (request, socket: Socket) => {
    noteUpgraded(socket);
    socket.once('end', () => socket.destroy());
    socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
    if (request.url === '/joined') keepUpgraded(socket);
  });
  const [left, joined] = [client(number), client(number)];
  const upgrade = head('GET', 'connection: upgrade', 'upgrade: websocket');
  left.socket.write(upgrade);
  joined.socket.write(upgrade.replace('GET / ', 'GET /joined '));
  await waitFor(() => left.socket.readableEnded, { timeoutMs: 10_000 });
  expect(joined.socket.readableEnded).toBe(false);
  expect(port.connections.size).toBe(1);
});

it('A server that closes waits neither for connections without a request nor for headers that do not come', async () => {
  const { server, number } = await open({});
  const [silent, slow] = [client(number), client(number)];
  slow.socket.write('GET / HTTP/1.1\r\n');
  await Promise.all([silent, slow].map(({ socket }) => once(socket, 'connect')));
  expect(await status(number)).toBe(200);
  running.splice(0);
  await new Promise((resolve) => server.close(resolve));
});
