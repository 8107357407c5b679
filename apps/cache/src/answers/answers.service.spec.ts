import { beforeEach, describe, expect, it } from '@jest/globals';
import { Failure, listBars, quoteChanged, type Answer, type Call, type Event } from '@mystocks/contracts';
import type { Caller } from '@mystocks/identity';
import { currentContext, withContext } from '@mystocks/telemetry';
import { MemoryTier } from '@mystocks/tiered-cache';
import { AnswersService } from './answers.service.js';

const caller: Caller = { id: 'id', username: 'desk', roles: ['user'], expiresAtMs: Infinity };
const request = { subject: listBars.subject, request: '{"symbol":"600519.SH"}' };
const answer = (text: string, more: Partial<Answer> = {}): Answer => ({
  body: Buffer.from(text),
  etag: `"${text}"`,
  tags: ['600519.SH'],
  ttl_ms: 1_000,
  built_at_ms: 1,
  ...more,
});

/** A bus whose origin answers when the test says so. */
class TestBus {
  readonly asked: { readonly request: object; readonly readAfter: string | undefined }[] = [];
  origin: () => Promise<Answer> = () => Promise.resolve(answer('one'));
  readonly #handlers = new Map<string, (payload: never) => void>();
  #listeners: ((connected: boolean) => void)[] = [];

  call<Req extends object, Res extends object>(_call: Call<Req, Res>, asked: Req): Promise<Res> {
    this.asked.push({ request: asked, readAfter: currentContext()?.readAfter });
    return this.origin() as Promise<unknown> as Promise<Res>;
  }

  subscribe<P extends object>(event: Event<P>, handler: (payload: P) => void): { stop(): void } {
    this.#handlers.set(event.subject, handler);
    return { stop: () => undefined };
  }

  onConnectionChange(listener: (connected: boolean) => void): void {
    this.#listeners.push(listener);
  }

  announce(symbol: string, lsn: string): void {
    const quote = { symbol };
    this.#handlers.get(quoteChanged.subject)?.({ quote, seq: 1, received_at_ms: 1, lsn } as never);
  }

  reconnect(): void {
    for (const listener of this.#listeners) listener(true);
  }
}

let nowMs = 1_000_000;
let bus: TestBus;
let answers: AnswersService;
beforeEach(() => {
  bus = new TestBus();
  const clock = { now: () => nowMs };
  answers = new AnswersService(bus, new MemoryTier(clock), { clock });
  answers.onModuleInit();
  nowMs += 1_000;
});
const read = (readAfter?: string): Promise<Answer> =>
  withContext({ requestId: 'request-1', traceparent: '', ...(readAfter === undefined ? {} : { readAfter }) }, () =>
    answers.read(request, caller),
  );

describe('reading through the second tier', () => {
  it('asks the owner once, then answers itself until the answer expires', async () => {
    expect(await read()).toMatchObject({ etag: '"one"', cache: 'miss', ttl_ms: 1_000 });
    nowMs += 400;
    expect(await read()).toMatchObject({ etag: '"one"', cache: 'l2-hit', ttl_ms: 600 });
    nowMs += 600;
    expect(await read()).toMatchObject({ cache: 'miss' });
    expect(bus.asked).toHaveLength(2);
  });

  it('takes equal requests for equal, however they are written', async () => {
    await read();
    const same = { ...request, request: '{ "sort":"asc", "symbol":"600519.SH", "limit":1000 }' };
    expect(await answers.read(same, caller)).toMatchObject({ cache: 'l2-hit' });
  });

  it('asks the owner once for a cold key, however many ask', async () => {
    const all = await Promise.all(Array.from({ length: 100 }, () => read()));
    expect(all.every(({ etag }) => etag === '"one"')).toBe(true);
    expect(bus.asked).toHaveLength(1);
  });

  it('does not let a reader join a read that is older than its own write', async () => {
    const release: ((value: Answer) => void)[] = [];
    bus.origin = () => new Promise((resolve) => release.push(resolve));
    bus.announce('000001.SZ', '0/1');
    const early = read();
    await until(() => release.length === 1);
    bus.announce('600519.SH', '0/2');
    const late = read();
    const joins = read('0/1');
    await until(() => release.length === 2);
    release[1]?.(answer('after'));
    release[0]?.(answer('before'));
    expect((await late).etag).toBe('"after"');
    expect((await early).etag).toBe('"before"');
    expect((await joins).etag).toBe('"after"');
    expect(bus.asked.map(({ readAfter }) => readAfter)).toEqual(['0/1', '0/2']);
  });

  it('does not keep an answer that was under way when a write was announced', async () => {
    let release: (value: Answer) => void = () => undefined;
    bus.origin = () => new Promise((resolve) => (release = resolve));
    const underWay = read();
    await until(() => bus.asked.length === 1);
    bus.announce('600519.SH', '0/5');
    release(answer('old'));
    expect((await underWay).etag).toBe('"old"');
    bus.origin = () => Promise.resolve(answer('new'));
    expect(await read()).toMatchObject({ etag: '"new"', cache: 'miss' });
    expect(bus.asked.at(-1)?.readAfter).toBe('0/5');
    expect(await read()).toMatchObject({ etag: '"new"', cache: 'l2-hit' });
  });

  it('drops what a write made old, and nothing else', async () => {
    await read();
    bus.announce('000001.SZ', '0/5');
    expect(await read()).toMatchObject({ cache: 'l2-hit' });
    bus.announce('600519.SH', '0/6');
    expect(await read()).toMatchObject({ cache: 'miss' });
  });

  it('shows a client its own write before the news of it has come', async () => {
    await read();
    expect(await read('0/9')).toMatchObject({ cache: 'miss' });
    expect(bus.asked.at(-1)?.readAfter).toBe('0/9');
    bus.announce('600519.SH', '0/9');
    expect(await read('0/9')).toMatchObject({ cache: 'miss' });
    expect(await read('0/9')).toMatchObject({ cache: 'l2-hit' });
  });

  it('does not let a position that a client made up hold an old answer against later writes', async () => {
    await read('FFFFFFFF/FFFFFFFF');
    bus.origin = () => Promise.resolve(answer('new'));
    bus.announce('600519.SH', '0/5');
    expect(await read()).toMatchObject({ etag: '"new"', cache: 'miss' });
  });

  it('lets nobody join a read whose position a client made up', async () => {
    const release: ((value: Answer) => void)[] = [];
    bus.origin = () => new Promise((resolve) => release.push(resolve));
    const madeUp = read('FFFFFFFF/FFFFFFFF');
    await until(() => release.length === 1);
    bus.announce('600519.SH', '0/5');
    const honest = read();
    await until(() => release.length === 2);
    release[0]?.(answer('old'));
    release[1]?.(answer('new'));
    expect([(await madeUp).etag, (await honest).etag]).toEqual(['"old"', '"new"']);
  });

  it('starts over when news may have been missed, and keeps nothing until replicas have caught up', async () => {
    await read();
    bus.reconnect();
    expect(await read()).toMatchObject({ cache: 'miss' });
    expect(await read()).toMatchObject({ cache: 'miss' });
    nowMs += 1_000;
    expect(await read()).toMatchObject({ cache: 'miss' });
    expect(await read()).toMatchObject({ cache: 'l2-hit' });
  });

  it('keeps nothing that its owner says must not be kept', async () => {
    bus.origin = () => Promise.resolve(answer('now', { ttl_ms: 0 }));
    await read();
    expect(await read()).toMatchObject({ cache: 'miss' });
  });

  it('keeps no failure', async () => {
    bus.origin = () => Promise.reject(new Failure('not_found', 'no such symbol'));
    await expect(read()).rejects.toMatchObject({ code: 'not_found' });
    bus.origin = () => Promise.resolve(answer('one'));
    expect(await read()).toMatchObject({ etag: '"one"' });
  });

  it('does not let the deadline of the first asker strike the second', async () => {
    let refuse: (error: Error) => void = () => undefined;
    bus.origin = () => new Promise((_, reject) => (refuse = reject));
    const first = read();
    const second = read();
    await until(() => bus.asked.length === 1);
    bus.origin = () => Promise.resolve(answer('one'));
    refuse(new Failure('timeout', 'too late'));
    await expect(first).rejects.toMatchObject({ code: 'timeout' });
    expect((await second).etag).toBe('"one"');
  });

  it('counts what it did', async () => {
    const before = answers.status();
    await read();
    await read();
    expect(answers.status()).toEqual({
      l2: 'memory',
      l2_connected: true,
      hits: before.hits + 1,
      misses: before.misses + 1,
      origin_calls: 1,
    });
  });
});

describe('what may be read', () => {
  it.each(['svc.auth.token.issue.v1', 'svc.market-data.bars.ingest.v1', 'svc.cache.answer.read.v1', 'constructor'])(
    'refuses the subject %s',
    async (subject) => {
      await expect(answers.read({ subject, request: '{}' }, caller)).rejects.toMatchObject({ code: 'invalid' });
      expect(bus.asked).toHaveLength(0);
    },
  );

  it.each(['not json', '[]', '{"symbol":"600519.SH","more":1}', '{"symbol":"600519.SH","limit":0}', '{}'])(
    'refuses the request %s',
    async (text) => {
      await expect(answers.read({ ...request, request: text }, caller)).rejects.toThrow();
      expect(bus.asked).toHaveLength(0);
    },
  );

  it('refuses a caller that the call itself does not allow, even when the answer is kept', async () => {
    await read();
    const auditor: Caller = { ...caller, roles: ['auditor'] };
    await expect(answers.read(request, auditor)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(answers.read(request, undefined)).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});

/** Lets promises run until `condition` holds. */
async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1_000 && !condition(); turn += 1) await new Promise(setImmediate);
  expect(condition()).toBe(true);
}
