import { tradingDays } from '@mystocks/calendar';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sleep, waitFor } from '@mystocks/testing';
import { io, type Socket } from 'socket.io-client';
import { startSystem, type System } from '@mystocks/testing';
import { get, post, postCsv, type Reply } from './requests.js';

const SYMBOL = '600519.SH';
const KEY = 'SH.600519';
const BARS = `/api/v2/stocks/${SYMBOL}/bars?timeframe=1Day`;
const FAR = 'FFFFFFFF/FFFFFFFF';
/** By then an honest event has arrived, and a false position that was believed has been found false. */
const COHERENT_MS = 1_000;
const RECOVERED_MS = 5_000;

let system: System;
let nats: NatsConnection;
let close = 100;
const days = tradingDays('2020-01-01', '2021-12-31').values();
let feed = 0;
let uncached = 0;

beforeAll(async () => {
  system = await startSystem();
  // An operator's mistake: something that holds the system's own token publishes.
  nats = await connect({ servers: system.nats.url, token: system.natsToken });
  await postCsv(system.url, '/api/v2/batch/symbols', 'code,exchange,name\n600519,SSE,茅台\n', system.adminToken);
  await write();
}, 90_000);
afterAll(async () => {
  await nats.close();
  await system.stop();
}, 30_000);

/** Stores a bar of a new day, with a close that no other has; answers its position. */
async function write(): Promise<string> {
  close += 1;
  const date = days.next().value ?? '';
  const csv = `code,exchange,date,open,high,low,close,volume\n600519,SSE,${date},${close},${close},${close},${close},100\n`;
  const stored = await postCsv(system.url, '/api/v2/batch/bars', csv, system.adminToken);
  expect(stored.status).toBe(200);
  return stored.headers.get('x-read-after') ?? '';
}

const read = (after?: string): Promise<Reply> =>
  get(system.url, BARS, system.adminToken, after === undefined ? {} : { 'x-read-after': after });
const newestClose = ({ body }: Reply): number | undefined => (body as { bars?: { c: number }[] }).bars?.at(-1)?.c;

const publish = (event: string, payload: object | string): void => {
  nats.publish(`evt.market-data.${event}`, typeof payload === 'string' ? payload : JSON.stringify(payload));
};
const bar = { t: '2020-01-01T00:00:00+08:00', o: 1, h: 1, l: 1, c: 1, v: 1 };
const barsAt = (lsn: string, more: object = {}): object => ({
  ...{ symbol: SYMBOL, timeframe: '1Day', from: '2020-01-01', to: '2020-01-01', bar, received_at_ms: 1, lsn, ...more },
});
const quoteAt = (seq: number, lsn: string): object => ({
  ...{ quote: { symbol: SYMBOL, t: '2024-06-14T10:00:00+08:00', last: 999 }, seq, received_at_ms: 1, lsn },
});

/** A position of a log that grew by some MB after `lsn`. */
const beyond = (lsn: string, bytes: number): string => {
  const [high = '', low = ''] = lsn.split('/');
  const position = (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`) + BigInt(bytes);
  return `${(position >> 32n).toString(16)}/${(position & 0xffff_ffffn).toString(16)}`.toUpperCase();
};

/** Says that a real publisher has sent far more than it has. */
async function forgeCounts(): Promise<void> {
  const beats = nats.subscribe('evt.bus.publisher.counted.v1.market-data', { max: 1 });
  for await (const beat of beats) {
    const { publisher } = beat.json<{ publisher: string }>();
    const head = headers();
    head.set('x-number', `${publisher} 999999999999999`);
    nats.publish(`evt.market-data.bars.changed.v1.${KEY}`, JSON.stringify(barsAt('0/1')), { headers: head });
  }
}

const forgeries: readonly [string, (end: string) => void | Promise<void>][] = [
  ['a position that is none', () => publish(`bars.changed.v1.${KEY}`, barsAt('zzz'))],
  ['text that is no event', () => publish(`bars.changed.v1.${KEY}`, '{"lsn":')],
  ['a position far beyond the log', () => publish(`bars.changed.v1.${KEY}`, barsAt(FAR))],
  [
    'a position far beyond the log in each kind of event',
    () => {
      publish(`quote.changed.v1.${KEY}`, quoteAt(1, FAR));
      publish(`factors.changed.v1.${KEY}`, { symbol: SYMBOL, lsn: FAR });
      publish('instruments.changed.v1', { count: 1, symbols: [SYMBOL], lsn: FAR });
      publish('calendar.changed.v1', { lsn: FAR });
    },
  ],
  ['a position near beyond the log', (end) => publish(`bars.changed.v1.${KEY}`, barsAt(beyond(end, 64 * 1_024 ** 2)))],
  ['a running number that its publisher has not reached', forgeCounts],
];

describe('an event that is false', () => {
  it.each(forgeries)(
    'an event that is false with %s fails no read, makes no stale answer look fresh, and stops no cache',
    async (_kind, forge) => {
      let end = await write();
      await forge(end);
      await nats.flush();
      await sleep(100);
      const statuses = new Set<number>();
      // Nothing is cached of this one, so it goes to the owner with what the caches have received.
      statuses.add((await get(system.url, `${BARS}&limit=${(uncached += 1)}`, system.adminToken)).status);
      const untilMs = Date.now() + RECOVERED_MS;
      let hits = 0;
      while (Date.now() < untilMs && hits < 3) {
        end = await write();
        const own = await read(end);
        expect([own.status, newestClose(own)]).toEqual([200, close]);
        statuses.add((await read()).status).add((await read(FAR)).status);
        await sleep(COHERENT_MS);
        const fresh = await read();
        statuses.add(fresh.status);
        expect(newestClose(fresh)).toBe(close);
        const again = await read();
        expect(newestClose(again)).toBe(close);
        if (again.headers.get('x-cache') === 'l1-hit') hits += 1;
      }
      expect([...statuses]).toEqual([200]);
      expect(hits).toBeGreaterThan(0);
    },
  );
});

describe('a channel about which a false event comes', () => {
  const received: unknown[] = [];
  let socket: Socket;

  beforeAll(async () => {
    socket = io(`${system.services.realtime.url}/market`, {
      transports: ['websocket'],
      auth: { token: system.adminToken },
    });
    socket.onAny((_event, payload: unknown) => received.push(payload));
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('connect_error', reject));
    await sendQuote();
    const channels = [`quote.${SYMBOL}`, `bar.1Day.${SYMBOL}`];
    expect(await socket.emitWithAck('subscribe', { channels })).toMatchObject({ ok: true });
  });
  afterAll(() => {
    socket.close();
  });

  /** Stores a quote with a price that no other has. */
  async function sendQuote(): Promise<number> {
    feed += 1;
    const t = new Date(Date.parse('2024-06-14T02:00:00Z') + feed * 1_000).toISOString();
    const stored = await post(system.url, '/api/v2/quotes', { symbol: SYMBOL, t, last: 500 + feed }, system.adminToken);
    expect(stored.status).toBe(200);
    return 500 + feed;
  }
  const has = (text: string): boolean => JSON.stringify(received).includes(text);
  const arrives = (text: string): Promise<boolean> =>
    waitFor(() => has(text), { timeoutMs: RECOVERED_MS, what: `${text} to be pushed` });

  it.each([
    ['a sequence number far ahead', () => publish(`quote.changed.v1.${KEY}`, quoteAt(Number.MAX_SAFE_INTEGER, '0/1'))],
    ['a sequence number a little ahead', () => publish(`quote.changed.v1.${KEY}`, quoteAt(500, '0/1'))],
    ['a position far beyond the log', () => publish(`quote.changed.v1.${KEY}`, quoteAt(2, FAR))],
  ])(
    'a channel about which a false event comes with %s pushes the next stored quotes within 5 s',
    async (_kind, forge) => {
      forge();
      await nats.flush();
      await arrives(`"last":${await sendQuote()}`);
      received.length = 0;
      await arrives(`"last":${await sendQuote()}`);
      expect(has('"reset"')).toBe(false);
    },
  );

  it.each([
    ['a position far beyond the log', () => publish(`bars.changed.v1.${KEY}`, barsAt(FAR, { bars: [bar] }))],
    ['a bar that has no time', () => publish(`bars.changed.v1.${KEY}`, barsAt('0/1', { bars: [{ ...bar, t: 'z' }] }))],
  ])(
    'a channel about which a false event comes with %s pushes the next stored bars within 5 s',
    async (_kind, forge) => {
      forge();
      await nats.flush();
      await write();
      await arrives(`"c":${close}`);
      await sleep(COHERENT_MS);
      received.length = 0;
      await write();
      await arrives(`"c":${close}`);
      expect(has('"gap"') || has('"order"')).toBe(false);
    },
  );
});
