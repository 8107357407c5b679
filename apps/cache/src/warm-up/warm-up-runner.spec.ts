import { setImmediate as nothingLeftToDo } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  barsChanged,
  Failure,
  latestQuotes,
  listBars,
  ListBarsRequest,
  snapshots,
  type Answer,
} from '@mystocks/contracts';
import type { Caller } from '@mystocks/identity';
import { FakeBus } from '@mystocks/testing';
import { answerKey, canonicalJson, MemoryTier } from '@mystocks/tiered-cache';
import { check } from '@mystocks/validation';
import { AnswersService } from '../answers/answers.service.js';
import { WarmUpRunner } from './warm-up-runner.js';
import type { Outcome } from './warm-up-runs.repository.js';
import { WarmUpService } from './warm-up.service.js';

const CLOSED_MS = Date.parse('2024-06-13T20:00:00+08:00');
const OPEN_MS = Date.parse('2024-06-14T09:25:00+08:00');
const caller: Caller = { id: 'x', username: 'service:cache', roles: ['guest'], expiresAtMs: Infinity };
const symbolsOf = (count: number): string[] => Array.from({ length: count }, (_, n) => `${600_000 + n}.SH`);
const answerOf = (symbol: string): Answer => ({
  body: Buffer.from(symbol),
  etag: `"${symbol}"`,
  tags: [symbol],
  ttl_ms: 60_000,
  built_at_ms: 1,
});

let nowMs: number;
let fake: FakeBus;
let answers: AnswersService;
let hottest: string[];
let askedAtMs: number[];
let noted: string[][];
let finished: Outcome[];
/** So many parts the database notes. */
let partsNoted: number;
beforeEach(() => {
  partsNoted = Infinity;
  [nowMs, fake, hottest, askedAtMs, noted, finished] = [CLOSED_MS, new FakeBus(), symbolsOf(20), [], [], []];
  const ask = (symbol: string): Answer => {
    askedAtMs.push(nowMs);
    return answerOf(symbol);
  };
  fake.answer(listBars, ({ symbol }) => ask(symbol));
  for (const call of [latestQuotes, snapshots]) fake.answer(call, ({ symbols }) => ask(symbols[0] ?? ''));
  const clock = { now: () => nowMs };
  answers = new AnswersService(fake, new MemoryTier(clock), { clock });
  answers.onModuleInit();
  nowMs += 2_000;
});

function runner(symbolsMax = 200, perSecond = 50): WarmUpRunner {
  // Time passes only when everything that can be done now is done.
  const sleep = async (ms: number): Promise<void> => {
    await nothingLeftToDo();
    nowMs += ms;
  };
  const runs = {
    begin: ({ slot }: { slot?: string | undefined }) => Promise.resolve(slot === 'taken' ? undefined : '1'),
    noteLoaded: (_run: string, keys: readonly string[]) =>
      noted.length === partsNoted
        ? Promise.reject(new Failure('unavailable', 'no database'))
        : Promise.resolve(void noted.push([...keys])),
    finish: (_run: string, _atMs: number, outcome: Outcome) => Promise.resolve(void finished.push(outcome)),
  };
  return new WarmUpRunner({
    warmUp: new WarmUpService(answers),
    accesses: { hottest: (_nowMs, _halfLife, count) => Promise.resolve(hottest.slice(0, count)) },
    runs,
    service: { run: (work) => work(caller) },
    time: { now: () => nowMs, sleep },
    symbolsMax,
    perSecond,
  });
}
const hit = (subject: string, request: object): Promise<Answer> =>
  answers.read({ subject, request: canonicalJson(request) }, caller);

describe('a warm-up', () => {
  it('loads what users ask by default: bars, quote and snapshot while the market stands still', async () => {
    expect(await runner().run('start')).toBe('done');
    for (const symbol of hottest) {
      const answered = [
        await hit(listBars.subject, { symbol }),
        await hit(latestQuotes.subject, { symbols: [symbol] }),
        await hit(snapshots.subject, { symbols: [symbol] }),
      ];
      expect(answered.map(({ cache }) => cache)).toEqual(['l2-hit', 'l2-hit', 'l2-hit']);
    }
    expect(finished).toEqual([{ loaded: 60, unchanged: 0, failed: 0 }]);
  });

  it('loads only bars before a session: a quote would be stale before it is requested', async () => {
    nowMs = OPEN_MS;
    await runner().run('session', 'session 2024-06-14');
    expect(finished).toEqual([{ loaded: 20, unchanged: 0, failed: 0 }]);
    expect(new Set(fake.called.map(({ subject }) => subject))).toEqual(new Set([listBars.subject]));
  });

  it('keeps them under the very keys the gateway reads them by', async () => {
    await runner(1).run('start');
    const request = check(ListBarsRequest, { symbol: hottest[0] });
    expect(noted.flat()).toContain(answerKey(listBars.subject, canonicalJson(request)));
  });

  it('asks the owners no faster than it may, and no more symbols than it may', async () => {
    hottest = symbolsOf(100);
    await runner(60, 50).run('start');
    expect(askedAtMs).toHaveLength(180);
    for (const [index, from] of askedAtMs.entries())
      expect(askedAtMs.slice(index).filter((at) => at < from + 1_000).length).toBeLessThanOrEqual(50);
    expect(nowMs - (askedAtMs[0] ?? 0)).toBeLessThan(5_000);
  });

  it('notes what it keeps, part by part, and leaves alone what is there', async () => {
    await hit(listBars.subject, { symbol: hottest[0] });
    await runner().run('start');
    expect(finished).toEqual([{ loaded: 59, unchanged: 1, failed: 0 }]);
    expect(new Set(noted.flat()).size).toBe(59);
    expect(noted.length).toBeGreaterThan(5);
  });

  it('does not count as loaded what a write invalidated meanwhile', async () => {
    fake.answer(listBars, async ({ symbol }) => {
      const bar = { t: '2024-06-14', o: 1, h: 1, l: 1, c: 1, v: 1 };
      const days = { from: '2024-06-14', to: '2024-06-14' };
      const event = { symbol, timeframe: '1Day' as const, ...days, bar, received_at_ms: 1, lsn: '0/5' };
      if (symbol === '600003.SH') fake.publish(barsChanged, event);
      await Promise.resolve();
      return answerOf(symbol);
    });
    nowMs = OPEN_MS;
    await runner().run('session');
    expect(finished).toEqual([{ loaded: 19, unchanged: 0, failed: 1 }]);
  });

  it('rests when the owner has too much to do, and leaves the rest when that does not pass', async () => {
    let refusals = 0;
    fake.answer(listBars, ({ symbol }) => {
      if (refusals > 0) throw new Failure('unavailable', 'too much');
      return answerOf(symbol);
    });
    nowMs = OPEN_MS;
    hottest = symbolsOf(200);
    refusals = 1;
    const startedAtMs = nowMs;
    await runner().run('session');
    expect(finished).toEqual([
      { loaded: 0, unchanged: 0, failed: 40, stoppedBecause: expect.stringMatching(/too much/) },
    ]);
    expect(nowMs - startedAtMs).toBeGreaterThan(15_000);
  });

  it('ends at once when the owner refuses its token', async () => {
    fake.answer(listBars, () => {
      throw new Failure('unauthenticated', 'no');
    });
    nowMs = OPEN_MS;
    await runner().run('session');
    expect(finished).toEqual([
      { loaded: 0, unchanged: 0, failed: 8, stoppedBecause: expect.stringMatching(/refuses/) },
    ]);
  });

  it('ends with what it has, and says why, when what it needs goes away meanwhile: its slot is not given twice', async () => {
    partsNoted = 2;
    nowMs = OPEN_MS;
    expect(await runner().run('session', 'session 2024-06-14')).toBe('done');
    expect(finished).toEqual([{ loaded: 20, unchanged: 0, failed: 0, stoppedBecause: 'no database' }]);
  });

  it('leaves a slot alone that another instance has taken', async () => {
    expect(await runner().run('session', 'taken')).toBe('taken');
    expect(fake.called).toEqual([]);
  });
});
