import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { waitFor, recordedCases } from '@mystocks/testing';
import { io, type Socket } from 'socket.io-client';
import { startSystem, type System } from '@mystocks/testing';
import { ask, bearer, post, postCsv } from './requests.js';
import { fileURLToPath } from 'node:url';

interface Item {
  readonly ch: string;
  readonly o: number;
  readonly d: { readonly t: string; readonly o: number; readonly c: number; readonly v?: number };
}

const HEADER = 'code,exchange,date,time,open,high,low,close,volume,amount';
const file = fileURLToPath(new URL('three_bars_push.csv', recordedCases));
const frames = ['1Min', '5Min', '15Min', '30Min', '60Min'] as const;
const channelOf = (frame: (typeof frames)[number]): string => `bar.${frame}.000001.SZ`;

let system: System;
let socket: Socket;
const items: Item[] = [];
const gaps: { readonly channel: string; readonly reason: string }[] = [];
const snapshots: { readonly channel: string; readonly snapshot: Item['d'] }[] = [];

beforeAll(async () => {
  system = await startSystem();
  const list = 'code,exchange,name\n000001,SZSE,平安银行\n300918,SZSE,南山智尚\n';
  await postCsv(system.url, '/api/v2/batch/symbols', list, system.adminToken);
  socket = io(`${system.services.realtime.url}/market`, {
    transports: ['websocket'],
    auth: { token: system.adminToken },
  });
  socket.on('data', (given: Item[]) => items.push(...given));
  socket.on('gap', (gap: (typeof gaps)[number]) => gaps.push(gap));
  socket.on('snapshot', (given: (typeof snapshots)[number]) => snapshots.push(given));
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('connect_error', reject));
  const channels = [...frames.map(channelOf), 'bar.1Min.300918.SZ'];
  expect(await socket.emitWithAck('subscribe', { channels })).toMatchObject({
    results: channels.map((channel) => ({ channel, status: 'subscribed' })),
  });
}, 60_000);
beforeEach(() => {
  for (const list of [items, gaps, snapshots]) list.length = 0;
});
afterAll(async () => {
  socket.close();
  await system.stop();
}, 30_000);

const store = async (csv: string): Promise<void> => {
  expect(await postCsv(system.url, '/api/v2/batch/bars?timeframe=1Min', csv, system.adminToken)).toMatchObject({
    status: 200,
  });
};
const of = (frame: (typeof frames)[number]): Item[] => items.filter(({ ch }) => ch === channelOf(frame));
const until = (look: () => boolean, what: string): Promise<boolean> => waitFor(look, { timeoutMs: 10_000, what });
/** `09:32 13.15`: what a subscriber of a frame received. */
const shown = (frame: (typeof frames)[number]): string[] => of(frame).map(({ d }) => `${d.t.slice(11, 16)} ${d.c}`);

describe('bars of an import to subscribers', () => {
  const title = 'three_bars_push: every bar arrives in order, and the coarser channels follow';
  (existsSync(file) ? it : it.skip)(`${title} (skipped where the recorded cases are not there)`, async () => {
    await store(readFileSync(file, 'utf8'));
    await until(() => frames.every((frame) => of(frame).length > 0), 'a bar in every channel');
    expect(shown('1Min')).toEqual(['09:31 13.1', '09:32 13.15', '09:33 13.16']);
    const ends = { '5Min': '09:35', '15Min': '09:45', '30Min': '10:00', '60Min': '10:30' } as const;
    for (const frame of ['5Min', '15Min', '30Min', '60Min'] as const) {
      expect(shown(frame)).toEqual([`${ends[frame]} 13.16`]);
      expect(of(frame)[0]?.d).toMatchObject({ o: 13, c: 13.16, v: 2_801 });
    }
    expect(gaps).toEqual([]);
  });

  it('pushes exactly the bars that a correction changes, and the coarser bars that hold them', async () => {
    const row = (time: string, close: string): string => `000001,SZSE,2018-02-02,${time},13,14,12,${close},100,1300`;
    const times = ['09:31', '09:32', '09:36', '09:37'];
    await store([HEADER, ...times.map((time) => row(time, '13.1'))].join('\n'));
    await until(() => of('5Min').length === 2 && frames.every((frame) => of(frame).length > 0), 'the bars');
    items.length = 0;
    await store([HEADER, ...times.map((time) => row(time, time === '09:36' ? '13.5' : '13.1'))].join('\n'));
    await until(() => frames.every((frame) => of(frame).length > 0), 'the corrected bars');
    expect(shown('1Min')).toEqual(['09:36 13.5']);
    expect(shown('5Min')).toEqual(['09:40 13.1']);
  });

  it('announces a gap with the newest bar behind it where a whole day comes at once', async () => {
    const rows = Array.from({ length: 120 }, (_, minute) => {
      const time = new Date(Date.UTC(2018, 1, 5, 9, 31 + minute)).toISOString().slice(11, 16);
      return `000001,SZSE,2018-02-05,${time},13,14,12,${13 + minute / 1000},100,1300`;
    });
    const form = new FormData();
    form.append('file', new Blob([[HEADER, ...rows].join('\n')]), 'day.csv');
    const path = '/api/v2/uploads?on_error=abort&timeframe=1Min';
    const sent = await ask(system.url, path, { method: 'POST', headers: bearer(system.adminToken), body: form });
    expect(sent.status).toBe(202);
    await until(() => frames.every((frame) => snapshots.some(({ channel }) => channel === channelOf(frame))), 'gaps');
    for (const frame of frames) {
      expect(gaps.filter(({ channel }) => channel === channelOf(frame))).toMatchObject([{ reason: 'bulk' }]);
      const last = snapshots.find(({ channel }) => channel === channelOf(frame));
      expect(last?.snapshot).toMatchObject({ t: '2018-02-05T11:30:00+08:00', c: 13.119 });
    }
    expect(items).toEqual([]);
  });

  it('makes the running bar of a minute from quotes until a feed brings bars', async () => {
    const quote = (time: string, last: number, v: number): object => ({
      ...{ symbol: '300918.SZ', t: `2022-06-01T${time}+08:00`, last, v, prev_close: 8.18 },
    });
    const record = async (...quotes: object[]): Promise<void> => {
      expect((await post(system.url, '/api/v2/quotes', { quotes }, system.adminToken)).status).toBe(200);
    };
    await record(quote('09:35:57', 8.1, 1_000), quote('09:36:00', 8.2, 1_100), quote('09:36:03', 8.15, 1_300));
    await until(() => items.length === 3, 'running bars');
    expect(items.map(({ d }) => d)).toEqual([
      { t: '2022-06-01T09:36:00+08:00', o: 8.1, h: 8.1, l: 8.1, c: 8.1, partial: true },
      { t: '2022-06-01T09:37:00+08:00', o: 8.2, h: 8.2, l: 8.2, c: 8.2, v: 100, partial: true },
      { t: '2022-06-01T09:37:00+08:00', o: 8.2, h: 8.2, l: 8.15, c: 8.15, v: 300, partial: true },
    ]);
    await store(`${HEADER}\n300918,SZSE,2022-06-01,09:37,8.2,8.2,8.14,8.14,320,2700`);
    await record(quote('09:36:57', 8.13, 1_320));
    await store(`${HEADER}\n300918,SZSE,2022-06-01,09:38,8.2,8.2,8.14,8.16,100,820`);
    await until(() => items.some(({ d }) => d.c === 8.16), 'the bar of the feed');
    expect(items.slice(3).map(({ d }) => d.c)).toEqual([8.14, 8.16]);
    const offsets = items.map(({ o }) => o);
    expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b));
  });
});
