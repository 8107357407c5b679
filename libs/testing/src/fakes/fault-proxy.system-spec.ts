import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createServer, connect, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { FaultProxy, sleep, waitFor } from '../index.js';

jest.setTimeout(30_000);

describe('FaultProxy', () => {
  let echo: Server;
  let proxy: FaultProxy;
  const open: Socket[] = [];

  const dial = async (): Promise<{ socket: Socket; received: () => string }> => {
    const socket = connect(proxy.port, '127.0.0.1');
    let received = '';
    socket.on('data', (data) => (received += String(data))).on('error', () => undefined);
    open.push(socket);
    await once(socket, 'connect');
    return { socket, received: () => received };
  };

  beforeAll(async () => {
    echo = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
    const address = echo.address();
    proxy = await FaultProxy.inFrontOf(typeof address === 'object' ? address!.port : 0);
  });

  afterAll(async () => {
    for (const socket of open) socket.destroy();
    await proxy.stop();
    await new Promise((resolve) => echo.close(resolve));
  });

  it('passes bytes both ways', async () => {
    const { socket, received } = await dial();
    socket.write('hello');
    await waitFor(() => received() === 'hello', { timeoutMs: 10_000 });
    socket.end();
    await once(socket, 'close');
    await waitFor(() => proxy.connections === 0, { timeoutMs: 10_000 });
  });

  it('delays both ways and keeps the order', async () => {
    const { socket, received } = await dial();
    proxy.latency(60);
    const startedMs = Date.now();
    socket.write('a');
    await sleep(5);
    socket.write('b');
    await waitFor(() => received() === 'ab', { timeoutMs: 10_000 });
    expect(Date.now() - startedMs).toBeGreaterThanOrEqual(118);
    await proxy.pass();
  });

  it('swallows everything in a black hole, and delivers it when the partition heals', async () => {
    const { socket, received } = await dial();
    proxy.blackhole();
    socket.write('late');
    await sleep(60);
    expect(received()).toBe('');
    await proxy.pass();
    await waitFor(() => received() === 'late', { timeoutMs: 10_000 });
  });

  it('resets connections that are open and takes new ones', async () => {
    const { socket } = await dial();
    const failed = once(socket, 'error');
    proxy.reset();
    expect((await failed)[0]).toMatchObject({ code: 'ECONNRESET' });
    const { socket: second, received } = await dial();
    second.write('x');
    await waitFor(() => received() === 'x', { timeoutMs: 10_000 });
  });

  it('refuses connections while it is down and comes back on the same port', async () => {
    const { port } = proxy;
    await proxy.down();
    await expect(dial()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await proxy.pass();
    expect(proxy.port).toBe(port);
    const { socket, received } = await dial();
    socket.write('back');
    await waitFor(() => received() === 'back', { timeoutMs: 10_000 });
  });
});
