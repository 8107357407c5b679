import { createServer, type Server as HttpServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { io, type Socket } from 'socket.io-client';
import { startSystem } from '@mystocks/testing';
import { post, postCsv } from '../test/system/requests.ts';
import type { BenchRow } from './bench-row.ts';

// The server half of Socket.IO belongs to apps/realtime; the bench borrows just what its peer needs.
const { Server } = createRequire(new URL('../apps/realtime/package.json', import.meta.url))('socket.io') as {
  Server: new (
    server: HttpServer,
    options: object,
  ) => { emit(event: string, value: unknown): void; close(): Promise<void> };
};
const QUOTES = 500;
const WARM_UP = 50;
const PROMISED_P95_MS = 50;
const symbol = '600519.SH';

interface Latencies {
  readonly p50: number;
  readonly p95: number;
}

/**
 * From the POST of a quote at the gateway to the value at a subscribed Socket.IO client: gateway, bus, a committed row
 * in PostgreSQL, bus, realtime node. The peer is what is left without a system: a bare Socket.IO server that emits what
 * is posted to it, not stored and not checked; interleaved quote by quote in the same run.
 *
 * Says nothing about many subscribers, a network, TLS, or a disk slower than this one's.
 */
export async function bench(): Promise<BenchRow[]> {
  const system = await startSystem();
  const bare = await startBare();
  try {
    await postCsv(system.url, '/api/v2/batch/symbols', `code,exchange,name\n600519,SSE,Moutai\n`, system.adminToken);
    const sockets = [
      io(`${system.services.realtime.url}/market`, { auth: { token: system.adminToken }, transports: ['websocket'] }),
      io(bare.url, { transports: ['websocket'] }),
    ] as const;
    await Promise.all(
      sockets.map((socket) => new Promise((resolve) => socket.once('connect', () => resolve(undefined)))),
    );
    const answer = (await sockets[0]
      .timeout(5_000)
      .emitWithAck('subscribe', { channels: [`quote.${symbol}`] })) as object;
    if (!JSON.stringify(answer).includes('"subscribed"')) throw new Error(`not subscribed: ${JSON.stringify(answer)}`);

    const ours: number[] = [];
    const theirs: number[] = [];
    const startMs = Date.now() - 60_000;
    for (let index = 0; index < WARM_UP + QUOTES; index += 1) {
      const t = new Date(startMs + index).toISOString();
      const quote = { symbol, t, last: 1_500 + index / 100, v: index * 100, simulated: true };
      const one = await timeOf(sockets[0], () => post(system.url, '/api/v2/quotes', quote, system.adminToken));
      const other = await timeOf(sockets[1], () => post(bare.url, '/quotes', quote));
      if (index < WARM_UP) continue;
      ours.push(one);
      theirs.push(other);
    }
    for (const socket of sockets) socket.disconnect();
    return rows(latenciesOf(ours), latenciesOf(theirs));
  } finally {
    await bare.stop();
    await system.stop();
  }
}

function rows(ours: Latencies, theirs: Latencies): BenchRow[] {
  const name = 'a quote posted to the gateway reaches a subscribed socket, p95';
  const note = `${QUOTES} quotes one after another; p50 ${ours.p50.toFixed(2)} ms, bare ${theirs.p50.toFixed(2)} ms`;
  const common = { name, ours: ours.p95, unit: 'ms', note };
  return [
    { ...common, peer: 'faster than promised', theirs: PROMISED_P95_MS, ratio: PROMISED_P95_MS / ours.p95, target: 1 },
    // What the system costs over no system at all: a guard against regression, not a race it could win.
    {
      ...common,
      peer: 'a bare Socket.IO server that stores nothing',
      theirs: theirs.p95,
      ratio: theirs.p95 / ours.p95,
      target: 0.05,
    },
  ];
}

/** Milliseconds from the start of the POST to the value at the client; both must come. */
async function timeOf(
  socket: Socket,
  send: () => Promise<{ readonly status: number; readonly text: string }>,
): Promise<number> {
  const startedAt = performance.now();
  const arrived = new Promise<number>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error('no value within 5 s'));
    }, 5_000);
    socket.once('data', () => {
      clearTimeout(timer);
      resolve(performance.now() - startedAt);
    });
  });
  const [ms, { status, text }] = await Promise.all([arrived, send()]);
  if (status >= 300) throw new Error(`the quote was answered ${status}: ${text}`);
  return ms;
}

function latenciesOf(times: readonly number[]): Latencies {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return { p50: at(0.5), p95: at(0.95) };
}

async function startBare(): Promise<{ url: string; stop: () => Promise<void> }> {
  const server = createServer((request, response) => {
    // Socket.IO answers its own path; what is posted elsewhere goes out to all sockets.
    if (request.method !== 'POST') return;
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      sockets.emit('data', [JSON.parse(Buffer.concat(parts).toString('utf8'))]);
      response.end('{}');
    });
  });
  const sockets = new Server(server, { transports: ['websocket'] });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, stop: () => sockets.close() };
}
