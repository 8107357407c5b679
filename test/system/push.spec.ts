import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { io, type Socket } from 'socket.io-client';
import { startSystem, type System } from '@mystocks/testing';
import { get, post, postCsv } from './requests.js';

let system: System;
let token: string;
let socket: Socket | undefined;

beforeAll(async () => {
  system = await startSystem();
  token = system.adminToken;
}, 60_000);
afterAll(async () => {
  socket?.close();
  await system.stop();
}, 30_000);

describe('a quote from a feed to a client', () => {
  it('a quote from a feed to a client is pushed to a subscriber, stored and answered', async () => {
    await postCsv(system.url, '/api/v2/batch/symbols', 'code,exchange,name\n300918,SZSE,南山智尚\n', token);
    socket = io(`${system.services.realtime.url}/market`, { transports: ['websocket'], auth: { token } });
    const open = socket;
    const data = new Promise<{ ch: string; d: { last: number } }[]>((resolve) => open.once('data', resolve));
    await new Promise<void>((resolve, reject) => open.once('connect', resolve).once('connect_error', reject));
    const ack = (await open.emitWithAck('subscribe', { channels: ['quote.300918.SZ'] })) as { ok: boolean };
    expect(ack.ok).toBe(true);
    const quote = {
      symbol: '300918.SZ',
      t: '2022-06-01T09:30:03+08:00',
      last: 8.19,
      prev_close: 8.18,
      v: 100,
      amt: 819,
    };
    const posted = await post(system.url, '/api/v2/quotes', quote, token);
    expect(posted.status).toBe(200);
    expect((await data)[0]).toMatchObject({ ch: 'quote.300918.SZ', d: { last: 8.19 } });
    const read = await get(system.url, '/api/v2/stocks/300918.SZ/quotes/latest', token);
    expect(read.text).toContain('"last":8.19');
    expect(read.headers.get('x-data-quality')).toBe('stale');
  });
});

describe('a stored bar to a client', () => {
  it('a stored bar to a client is pushed to the subscribers of its channel', async () => {
    const line = 'code,exchange,date,open,high,low,close,volume\n600003,SSE,2020-06-01,10,11,9,10.5,100\n';
    await postCsv(system.url, '/api/v2/batch/symbols', 'code,exchange,name\n600003,SSE,three\n', token);
    const open = io(`${system.services.realtime.url}/market`, { transports: ['websocket'], auth: { token } });
    try {
      await new Promise<void>((resolve, reject) => open.once('connect', resolve).once('connect_error', reject));
      const ack = (await open.emitWithAck('subscribe', { channels: ['bar.1Day.600003.SH'] })) as object;
      expect(ack).toMatchObject({ ok: true });
      const data = new Promise<unknown[]>((resolve) => open.once('data', resolve));
      expect((await postCsv(system.url, '/api/v2/batch/bars', line, token)).status).toBe(200);
      expect((await data)[0]).toMatchObject({
        ch: 'bar.1Day.600003.SH',
        d: { t: '2020-06-01T00:00:00+08:00', c: 10.5, v: 100 },
      });
    } finally {
      open.close();
    }
  });
});
