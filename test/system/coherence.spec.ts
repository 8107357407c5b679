import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  dropAnswers,
  latestQuotes,
  listBars,
  listInstruments,
  quoteTag,
  readAnswer,
  snapshots,
  type Answer,
  type Call,
} from '@mystocks/contracts';
import { laterLsn, type Lsn } from '@mystocks/kernel';
import { withContext } from '@mystocks/telemetry';
import { sleep, waitFor } from '@mystocks/testing';
import { Chance } from './coherence/chance.js';
import { spoil, startFaultySystem, type Spoilable, type FaultySystem } from './coherence/faulty-system.js';
import { get, post, postCsv, type Reply } from './requests.js';

const RUN_MS = Number(process.env['COHERENCE_RUN_MS'] ?? 30_000);
const DAY = '2024-06-14';
const START = Date.parse('2024-06-14T09:31:00+08:00');
/** So many that a write without an event is not soon followed by another of the same. */
const symbols = Array.from({ length: 12 }, (_, index) => `${600_100 + index}.SH`);

/** One thing to read: as a client does, and as its owner is asked for it. */
interface Question {
  readonly path: string;
  readonly call: Call<object, Answer>;
  readonly request: object;
}
const question = (path: string, call: unknown, request: object): Question => ({
  path,
  call: call as Question['call'],
  request,
});
const questions: readonly Question[] = [
  ...symbols.flatMap((symbol) => [
    question(`/api/v2/stocks/${symbol}/bars?timeframe=1Day&limit=5`, listBars, { symbol, timeframe: '1Day', limit: 5 }),
    question(`/api/v2/stocks/quotes/latest?symbols=${symbol}`, latestQuotes, { symbols: [symbol] }),
    question(`/api/v2/stocks/snapshots?symbols=${symbol}`, snapshots, { symbols: [symbol] }),
  ]),
  question('/api/v2/symbols?limit=50', listInstruments, { limit: 50 }),
];

let spoilt: FaultySystem;
let written: Lsn | undefined;
let turn = 0;

beforeAll(async () => {
  spoilt = await startFaultySystem();
  for (const symbol of symbols) for (const kind of ['instrument', 'quote', 'bar'] as const) await write(kind, symbol);
}, 90_000);
afterAll(async () => {
  await spoilt.stop();
}, 30_000);

/** Writes through a gateway that is never cut; an instance of market-data that is cut may cost an answer. */
async function write(kind: 'quote' | 'bar' | 'instrument', symbol: string): Promise<boolean> {
  const { url, adminToken } = spoilt.system;
  const instrument = `${symbol.slice(0, 6)},SSE`;
  const price = 10 + ((turn += 1) % 1_000) / 100;
  const send = (): Promise<Reply> => {
    const t = new Date(START + turn * 1_000).toISOString();
    if (kind === 'quote') return post(url, '/api/v2/quotes', { symbol, t, last: price, v: turn }, adminToken);
    if (kind === 'instrument')
      return postCsv(url, '/api/v2/batch/symbols', `code,exchange,name\n${instrument},name ${turn}\n`, adminToken);
    const bar = `${instrument},${DAY},${price},${price},${price},${price},${turn}`;
    const csv = `code,exchange,date,open,high,low,close,volume\n${bar}\n`;
    return postCsv(url, '/api/v2/batch/bars', csv, adminToken);
  };
  const reply = await send();
  written = laterLsn(written, reply.headers.get('x-read-after') ?? undefined);
  return reply.status === 200;
}

/** The same question over the bus, as an operator, with every write in the answer. */
function ask<Req extends object>(call: Call<Req, Answer>, request: NoInfer<Req>): Promise<Answer> {
  const token = spoilt.system.adminToken;
  const context = { requestId: 'coherence', traceparent: '', token, ...(written && { readAfter: written }) };
  return withContext(context, () => spoilt.bus.call(call, request));
}

/** Reads, writes and drops until `untilMs`. */
async function live(chance: Chance, untilMs: number): Promise<{ reads: number; writes: number; drops: number }> {
  const done = { reads: 0, writes: 0, drops: 0 };
  const { system, bus, gateways } = spoilt;
  const read = async ({ service }: Spoilable): Promise<void> => {
    while (Date.now() < untilMs) {
      const { status } = await get(service.url, chance.oneOf(questions).path, system.adminToken);
      if (status === 200) done.reads += 1;
      await sleep(chance.upTo(40));
    }
  };
  const change = async (): Promise<void> => {
    while (Date.now() < untilMs) {
      const symbol = chance.oneOf(symbols);
      if (await write(chance.oneOf(['quote', 'quote', 'bar', 'instrument']), symbol)) done.writes += 1;
      await sleep(chance.upTo(150));
    }
  };
  const drop = async (): Promise<void> => {
    while (Date.now() < untilMs) {
      const symbol = chance.oneOf(symbols);
      const context = { requestId: 'coherence', traceparent: '', token: system.adminToken };
      const dropping = withContext(context, () => bus.call(dropAnswers, { tags: [symbol, quoteTag(symbol)] }));
      done.drops += await dropping.then(
        () => 1,
        () => 0,
      );
      await sleep(200 + chance.upTo(800));
    }
  };
  await Promise.all([...gateways.flatMap((one) => [read(one), read(one)]), change(), change(), drop()]);
  return done;
}

/** What is not byte for byte what the owner says, at the second tier and at every gateway; and where answers lay. */
async function compare(): Promise<{ wrong: string[]; from: Record<string, number> }> {
  const wrong: string[] = [];
  const from: Record<string, number> = {};
  for (const { path, call, request } of questions) {
    const owner = (await ask(call, request)).body.toString();
    const second = await ask(readAnswer, { subject: call.subject, request: JSON.stringify(request) });
    if (second.body.toString() !== owner)
      wrong.push(`second tier (${second.cache}) ${path}: ${second.body.toString()} instead of ${owner}`);
    await Promise.all(
      spoilt.gateways.map(async ({ name, service }) => {
        const { status, headers, text } = await get(service.url, path, spoilt.system.adminToken);
        const cache = headers.get('x-cache') ?? 'none';
        from[cache] = (from[cache] ?? 0) + 1;
        if (status !== 200 || text !== owner)
          wrong.push(`${name} (${cache}) ${path}: ${status} ${text} instead of ${owner}`);
      }),
    );
  }
  return { wrong, from };
}

describe('five gateways and two cache services whose bus is cut and healed at random', () => {
  it.each([1, 2, 3])(
    `five gateways and two cache services whose bus is cut and healed at random say what the owner says a second after it is whole again (seed %i, ${RUN_MS / 1_000} s)`,
    async (run) => {
      const seed = Number(process.env['COHERENCE_SEED'] ?? run);
      const chance = new Chance(seed);
      const untilMs = Date.now() + RUN_MS;
      const [done, cuts] = await Promise.all([
        live(chance, untilMs),
        spoil(spoilt.all, new Chance(seed + 100), untilMs),
      ]);
      // Whole again: every process is on the bus.
      await waitFor(
        async () =>
          (await Promise.all(spoilt.all.map(({ service }) => service.readiness()))).every(
            ({ status }) => status === 200,
          ),
        { timeoutMs: 10_000, what: 'all instances to be on the bus' },
      );
      await sleep(1_000);
      const first = await compare();
      await sleep(1_000);
      await compare();
      const last = await compare();
      console.log(JSON.stringify({ seed, ...done, cuts, first: first.from, last: last.from }));
      expect(first.wrong).toEqual([]);
      expect(last.wrong).toEqual([]);
      expect(last.from['l1-hit']).toBeGreaterThan(0);
    },
    120_000,
  );
});
