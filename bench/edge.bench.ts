// What the clients of a public port notice of a flood: 500 connections whose headers and 500 whose bodies come a byte a
// second, and 10,050 that send nothing. Healthy clients send at a steady rate to the flooded instance and, at the same
// time, to one beside it, because the flood also takes processors of this machine, which in life are not the server's.
// Not shown: many addresses, a network.
import { fork } from 'node:child_process';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';
import { startSystem } from '@mystocks/testing';
import { bearer, postCsv } from '../test/system/requests.ts';
import type { BenchRow } from './bench-row.ts';

const WARM_UP_MS = 2_000;
const FLOOD_MAX_MS = 30_000;
const EVERY_MS = 10;
/** A new connection for one request, beside those that are kept. */
const NEW_EVERY_MS = 250;
const GONE_MAX_S = 20;
const path = '/api/v2/stocks/600519.SH/bars?timeframe=1Day';

/** A healthy client: `again` on connections that are kept, `anew` on one opened for it. Both throw when not served. */
interface Healthy {
  readonly again: () => Promise<void>;
  readonly anew: () => Promise<void>;
  readonly stop: () => void;
}

interface Measured {
  readonly p50: number;
  readonly p99: number;
  /** Requests on new connections, and how many of them were served. */
  readonly anew: number;
  readonly served: number;
  readonly failed: number;
}

export async function bench(): Promise<BenchRow[]> {
  const system = await startSystem();
  try {
    await postCsv(system.url, '/api/v2/batch/symbols', 'code,exchange,name\n600519,SSE,Moutai\n', system.adminToken);
    const line = '600519.SH,2023-12-29,1726,1749.58,1720,1726,100,172600';
    const bars = `symbol,date,open,high,low,close,volume,amount\n${line}\n`;
    await postCsv(system.url, '/api/v2/batch/bars?timeframe=1Day', bars, system.adminToken);
    const [gateway, realtime] = await Promise.all([system.another('gateway'), system.another('realtime')]);
    const { url, services, adminToken } = system;
    return [
      ...(await flooded('gateway', url, [readers(url, adminToken), readers(gateway.url, adminToken)])),
      ...(await flooded(
        'realtime',
        services.realtime.url,
        await Promise.all([listeners(services.realtime.url, adminToken), listeners(realtime.url, adminToken)]),
      )),
    ];
  } finally {
    await system.stop();
  }
}

async function flooded(name: string, url: string, both: readonly [Healthy, Healthy]): Promise<BenchRow[]> {
  try {
    // The first answers are made, the later ones are at hand.
    await Promise.all(both.map((healthy) => measure(healthy, pause(WARM_UP_MS))));
    const flood = floodOf(new URL(url).port);
    const [ours, theirs] = await Promise.all(both.map((healthy) => measure(healthy, flood.over)));
    const goneS = await flood.over;
    flood.stop();
    if (ours === undefined || theirs === undefined) throw new Error('nothing was measured');
    return rows(name, ours, theirs, goneS);
  } finally {
    for (const healthy of both) healthy.stop();
  }
}

function rows(name: string, ours: Measured, theirs: Measured, goneS: number): BenchRow[] {
  return [
    {
      name: `${name} under 1,000 slow and 10,050 silent connections, p99`,
      peer: 'an instance beside it without them',
      ours: ours.p99,
      theirs: theirs.p99,
      ratio: theirs.p99 / ours.p99,
      unit: 'ms',
      target: 0.5,
      note: `a request every ${EVERY_MS} ms, ${ours.failed} failed; p50 ${ours.p50.toFixed(1)}, beside ${theirs.p50.toFixed(1)} ms`,
    },
    {
      name: `${name}: all of them are gone`,
      peer: 'the time they may take',
      ours: goneS,
      theirs: GONE_MAX_S,
      ratio: GONE_MAX_S / goneS,
      unit: 's',
      target: 1,
    },
    {
      name: `${name}: new connections served meanwhile`,
      peer: 'all of them',
      ours: ours.served,
      theirs: ours.anew,
      ratio: ours.served / ours.anew,
      unit: 'connections',
      target: 1,
    },
  ];
}

/** Starts the flood; `over` is how many seconds after its last connection was opened all of them were gone. */
function floodOf(port: string): { readonly over: Promise<number>; readonly stop: () => void } {
  const child = fork(join(import.meta.dirname, 'edge-flood.ts'), [port]);
  let openedMs = Infinity;
  const over = new Promise<number>((resolve) => {
    const timer = setTimeout(() => {
      resolve(Infinity);
    }, FLOOD_MAX_MS);
    child.on('message', ({ waiting, open }: { waiting: number; open: number }) => {
      if (waiting > 0) return;
      openedMs = Math.min(openedMs, performance.now());
      if (open > 0) return;
      clearTimeout(timer);
      resolve((performance.now() - openedMs) / 1_000);
    });
  });
  return { over, stop: () => child.kill() };
}

/** Sends at a steady rate, whatever becomes of what was sent before, until `over`. */
async function measure(healthy: Healthy, over: Promise<unknown>): Promise<Measured> {
  const times: number[] = [];
  const [counts, isOver] = [{ anew: 0, served: 0, failed: 0 }, { yet: false }];
  void over.then(() => (isOver.yet = true));
  const sent: Promise<void>[] = [];
  const startedMs = performance.now();
  for (let index = 0; !isOver.yet; index += 1) {
    const atMs = performance.now();
    const done = healthy.again().then(
      () => void times.push(performance.now() - atMs),
      () => void (counts.failed += 1),
    );
    sent.push(done);
    if (index % (NEW_EVERY_MS / EVERY_MS) === 0) {
      counts.anew += 1;
      sent.push(
        healthy.anew().then(
          () => void (counts.served += 1),
          () => undefined,
        ),
      );
    }
    await pause(Math.max(1, startedMs + (index + 1) * EVERY_MS - performance.now()));
  }
  await Promise.all(sent);
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.floor(times.length * share)] ?? NaN;
  return { ...counts, p50: at(0.5), p99: at(0.99) };
}

/** Reads of an answer that the gateway holds. */
function readers(url: string, token: string): Healthy {
  const kept = new Agent({ keepAlive: true, maxSockets: 8 });
  const read = (agent: Agent | false): Promise<void> =>
    new Promise((resolve, reject) => {
      const options = { agent, headers: bearer(token), timeout: 5_000 };
      const call = get(`${url}${path}`, options, (response) => {
        response.resume().once('end', () => {
          if (response.statusCode === 200) resolve();
          else reject(new Error(`status ${response.statusCode}`));
        });
      });
      call.once('error', reject).once('timeout', () => call.destroy(new Error('no answer in 5 s')));
    });
  return { again: () => read(kept), anew: () => read(false), stop: () => kept.destroy() };
}

/** Pings of subscribed sockets; each may send 20 messages a second. */
async function listeners(url: string, token: string): Promise<Healthy> {
  const open = (): Promise<Socket> =>
    new Promise((resolve, reject) => {
      const options = { auth: { token }, transports: ['websocket'], reconnection: false, forceNew: true };
      const socket = io(`${url}/market`, options);
      socket.once('connect', () => {
        resolve(socket);
      });
      socket.once('connect_error', reject);
    });
  const sockets = await Promise.all(Array.from({ length: 10 }, open));
  let turn = 0;
  return {
    again: async () => {
      turn += 1;
      await sockets[turn % sockets.length]?.timeout(5_000).emitWithAck('ping');
    },
    anew: async () => {
      const socket = await open();
      socket.disconnect();
    },
    stop: () => {
      for (const socket of sockets) socket.disconnect();
    },
  };
}
