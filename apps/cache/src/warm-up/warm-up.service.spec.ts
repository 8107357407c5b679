import { beforeEach, describe, expect, it } from '@jest/globals';
import { barsChanged, Failure, getMe, listBars, readAnswer, type Answer } from '@mystocks/contracts';
import type { Caller } from '@mystocks/identity';
import { FakeBus } from '@mystocks/testing';
import { MemoryTier } from '@mystocks/tiered-cache';
import { AnswersService } from '../answers/answers.service.js';
import { WarmUpService } from './warm-up.service.js';

const caller: Caller = { id: 'id', username: 'desk', roles: ['operator'], expiresAtMs: Infinity };
const answerOf = (symbol: string, more: Partial<Answer> = {}): Answer => ({
  body: Buffer.from(symbol),
  etag: `"${symbol}"`,
  tags: [symbol],
  ttl_ms: 60_000,
  built_at_ms: 1,
  ...more,
});
const read = (symbol: string): { subject: string; request: string } => ({
  subject: listBars.subject,
  request: JSON.stringify({ symbol }),
});
const symbols = (count: number): string[] => Array.from({ length: count }, (_, n) => `${600_000 + n}.SH`);

let nowMs = 1_000_000;
let fake: FakeBus;
let answers: AnswersService;
let warmUp: WarmUpService;
beforeEach(() => {
  fake = new FakeBus();
  fake.answer(listBars, ({ symbol }) => answerOf(symbol));
  const clock = { now: () => nowMs };
  answers = new AnswersService(fake, new MemoryTier(clock), { clock });
  answers.onModuleInit();
  nowMs += 1_000;
  warmUp = new WarmUpService(answers);
});
const warm = (reads: readonly unknown[]): ReturnType<WarmUpService['warm']> =>
  warmUp.warm({ reads: [...reads] }, caller);
const change = (symbol: string, lsn: string): void => {
  const bar = { t: '2024-06-14', o: 1, h: 1, l: 1, c: 1, v: 1 };
  const days = { from: '2024-06-14', to: '2024-06-14' };
  fake.publish(barsChanged, { symbol, timeframe: '1Day', ...days, bar, received_at_ms: 1, lsn });
};

describe('warming the cache', () => {
  it('fetches what is not there, so that the next read finds it, and leaves the rest alone', async () => {
    const all = symbols(200).map(read);
    expect(await warm(all.slice(0, 50))).toMatchObject({ total: 50, inserted: 50 });
    expect(await warm(all)).toMatchObject({ total: 200, inserted: 150, unchanged: 50, failed: 0 });
    expect(fake.called).toHaveLength(200);
    for (const one of all) expect(await answers.read(one, caller)).toMatchObject({ cache: 'l2-hit' });
  });

  it('refuses each read that cannot be done alone, in its place', async () => {
    fake.answer(listBars, ({ symbol }) => {
      if (symbol === '600001.SH') throw new Failure('not_found', 'none', { problem: 'MARKET_DATA_NOT_FOUND' });
      if (symbol === '600002.SH') throw new Failure('unavailable', 'market-data is not there');
      return answerOf(symbol);
    });
    const reads = [
      read('600001.SH'),
      read('600003.SH'),
      { subject: getMe.subject, request: '{}' },
      { subject: readAnswer.subject, request: JSON.stringify(read('600003.SH')) },
      { subject: listBars.subject, request: '{"symbol":"x"}', value: '{"bars":[]}' },
      read('x'),
      null,
      read('600002.SH'),
      read('600004.SH'),
    ];
    const { items, ...counts } = await warm(reads);
    expect(counts).toMatchObject({ total: 9, inserted: 2, failed: 7 });
    expect(items.map(({ line, status, code }) => [line, status, code])).toEqual([
      [1, 404, 2101],
      [2, 201, undefined],
      [3, 400, 1001],
      [4, 400, 1001],
      [5, 400, 1001],
      [6, 400, 1102],
      [7, 400, 1001],
      [8, 503, 9001],
      [9, 201, undefined],
    ]);
  });

  it('says what is wrong with a read as the gateway says it', async () => {
    const { items } = await warm([read('x'), null]);
    expect(items.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^symbol must be /),
      'the read must be an object',
    ]);
  });

  it('keeps nothing that its owner forbids', async () => {
    fake.answer(listBars, ({ symbol }) => answerOf(symbol, { ttl_ms: 0 }));
    expect(await warm([read('600000.SH')])).toMatchObject({ inserted: 0, unchanged: 1 });
    expect(await answers.read(read('600000.SH'), caller)).toMatchObject({ cache: 'miss' });
  });

  it('does not keep an answer that is older than a write announced meanwhile', async () => {
    fake.answer(listBars, async ({ symbol }) => {
      if (symbol === '600001.SH') change(symbol, '0/5');
      await Promise.resolve();
      return answerOf(symbol);
    });
    const { items } = await warm([read('600000.SH'), read('600001.SH'), read('600002.SH')]);
    expect(items.map(({ status }) => status)).toEqual([201, 409, 201]);
    fake.answer(listBars, ({ symbol }) => answerOf(symbol));
    expect(await warm([read('600001.SH')])).toMatchObject({ inserted: 1 });
  });
});
