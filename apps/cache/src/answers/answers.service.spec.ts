import { beforeEach, describe, expect, it } from '@jest/globals';
import { Failure, type Answer } from '@mystocks/contracts';
import type { Caller } from '@mystocks/identity';
import { answer, CacheSystem, caller, request, until } from '../../test/cache-system.js';

let system: CacheSystem;
beforeEach(() => {
  system = new CacheSystem();
});
const read = (readAfter?: string): Promise<Answer> => system.read(readAfter === undefined ? {} : { readAfter });

describe('AnswersService', () => {
  it('asks the owner once, then answers from the tier until the entry expires', async () => {
    expect(await read()).toMatchObject({ etag: '"one"', cache: 'miss', ttl_ms: 1_000 });
    system.nowMs += 400;
    expect(await read()).toMatchObject({ etag: '"one"', cache: 'l2-hit', ttl_ms: 600 });
    system.nowMs += 600;
    expect(await read()).toMatchObject({ cache: 'miss' });
    expect(system.asked).toHaveLength(2);
  });

  it('treats equal requests as equal, however they are written', async () => {
    await read();
    const same = { ...request, request: '{ "sort":"asc", "symbol":"600519.SH", "limit":1000 }' };
    expect(await system.first.read(same, caller)).toMatchObject({ cache: 'l2-hit' });
  });

  it('asks the owner once for a cold key, however many callers read it', async () => {
    const all = await Promise.all(Array.from({ length: 100 }, () => read()));
    expect(all.every(({ etag }) => etag === '"one"')).toBe(true);
    expect(system.asked).toHaveLength(1);
  });

  it('asks the owner once for a cold key also while other symbols are written', async () => {
    const waiting = system.hold();
    const readers = [];
    for (let lsn = 1; lsn <= 9; lsn += 1) {
      await system.announce('000001.SZ', `0/${lsn}`);
      readers.push(read());
      await until(() => waiting.length > 0);
    }
    waiting[0]?.answer(answer('one'));
    for (const { etag } of await Promise.all(readers)) expect(etag).toBe('"one"');
    expect(system.asked.map((context) => context?.readAfter)).toEqual(['0/1']);
  });

  it('does not share a running read that is older than a write which the reader must see', async () => {
    const waiting = system.hold();
    await system.announce('000001.SZ', '0/1');
    const early = read();
    await until(() => waiting.length === 1);
    await system.announce('600519.SH', '0/2');
    const late = read();
    const joins = read('0/1');
    waiting[0]?.answer(answer('before'));
    await until(() => waiting.length === 2);
    waiting[1]?.answer(answer('after'));
    expect((await late).etag).toBe('"after"');
    expect((await early).etag).toBe('"before"');
    expect((await joins).etag).toBe('"after"');
    expect(system.asked.map((context) => context?.readAfter)).toEqual(['0/1', '0/2']);
  });

  it('learns from its callers of writes before it started, so that the entries it stores show them', async () => {
    const asked = { ...request, announced: '0/7' };
    expect(await system.read({}, system.first, asked)).toMatchObject({ cache: 'miss', after: '0/7' });
    expect(await system.read({}, system.first, asked)).toMatchObject({ cache: 'l2-hit', after: '0/7' });
    expect(system.asked.map((context) => context?.readAfter)).toEqual(['0/7']);
  });

  it('asks for every known write also outside of a request context', async () => {
    const asked = { ...request, announced: '0/7' };
    expect(await system.first.read(asked, caller)).toMatchObject({ cache: 'miss', after: '0/7' });
    expect(system.asked.map((context) => context?.readAfter)).toEqual(['0/7']);
  });

  it('does not store an answer that was requested before the event of a write arrived', async () => {
    const waiting = system.hold();
    const underWay = read();
    await until(() => system.asked.length === 1);
    await system.announce('600519.SH', '0/5');
    waiting[0]?.answer(answer('old'));
    expect((await underWay).etag).toBe('"old"');
    system.origin = () => Promise.resolve(answer('new'));
    expect(await read()).toMatchObject({ etag: '"new"', cache: 'miss' });
    expect(system.asked.at(-1)?.readAfter).toBe('0/5');
    expect(await read()).toMatchObject({ etag: '"new"', cache: 'l2-hit' });
  });

  it('invalidates only the entries that a write touched', async () => {
    await read();
    await system.announce('000001.SZ', '0/5');
    expect(await read()).toMatchObject({ cache: 'l2-hit' });
    await system.announce('600519.SH', '0/6');
    expect(await read()).toMatchObject({ cache: 'miss' });
  });

  it('shows a client its own write before the event has arrived', async () => {
    await read();
    expect(await read('0/9')).toMatchObject({ cache: 'miss' });
    expect(system.asked.at(-1)?.readAfter).toBe('0/9');
    await system.announce('600519.SH', '0/9');
    expect(await read('0/9')).toMatchObject({ cache: 'miss' });
    expect(await read('0/9')).toMatchObject({ cache: 'l2-hit' });
  });

  it('does not let a position that a client made up protect an old answer from later writes', async () => {
    await read('FFFFFFFF/FFFFFFFF');
    system.origin = () => Promise.resolve(answer('new'));
    await system.announce('600519.SH', '0/5');
    expect(await read()).toMatchObject({ etag: '"new"', cache: 'miss' });
  });

  it('does not share a read whose position a client made up', async () => {
    const waiting = system.hold();
    const madeUp = read('FFFFFFFF/FFFFFFFF');
    await until(() => waiting.length === 1);
    await system.announce('600519.SH', '0/5');
    const honest = read();
    await until(() => waiting.length === 2);
    waiting[0]?.answer(answer('old'));
    waiting[1]?.answer(answer('new'));
    expect([(await madeUp).etag, (await honest).etag]).toEqual(['"old"', '"new"']);
  });

  it('invalidates everything when events may have been missed, and stores nothing until replicas have caught up', async () => {
    await read();
    system.bus.setConnected(false);
    system.bus.setConnected(true);
    expect(await read()).toMatchObject({ cache: 'miss' });
    expect(await read()).toMatchObject({ cache: 'miss' });
    system.nowMs += 1_000;
    expect(await read()).toMatchObject({ cache: 'miss' });
    expect(await read()).toMatchObject({ cache: 'l2-hit' });
  });

  it('does not store an answer when its owner forbids it', async () => {
    system.origin = () => Promise.resolve(answer('now', { ttl_ms: 0 }));
    await read();
    expect(await read()).toMatchObject({ cache: 'miss' });
  });

  it('does not store a failure', async () => {
    system.origin = () => Promise.reject(new Failure('not_found', 'no such symbol'));
    await expect(read()).rejects.toMatchObject({ code: 'not_found' });
    system.origin = () => Promise.resolve(answer('one'));
    expect(await read()).toMatchObject({ etag: '"one"' });
  });

  it('does not apply the deadline of the first caller to the second', async () => {
    const waiting = system.hold();
    const first = system.read({ deadlineMs: system.nowMs + 500 });
    const second = read();
    await until(() => system.asked.length === 1);
    system.origin = () => Promise.resolve(answer('one'));
    waiting[0]?.fail(new Failure('timeout', 'too late'));
    await expect(first).rejects.toMatchObject({ code: 'timeout' });
    expect((await second).etag).toBe('"one"');
  });

  it('counts hits, misses and requests to owners', async () => {
    const before = system.first.status();
    await read();
    await read();
    expect(system.first.status()).toEqual({
      l2: 'memory',
      l2_connected: true,
      hits: before.hits + 1,
      misses: before.misses + 1,
      origin_calls: 1,
    });
  });
});

describe('a listener of hits', () => {
  it('a listener of hits is called with the key of each read that hit, and of no other', async () => {
    const received: string[] = [];
    system.first.onHit((key) => received.push(key));
    await read();
    expect(received).toEqual([]);
    await read();
    await read();
    expect(received).toHaveLength(2);
    system.origin = () => Promise.reject(new Failure('unavailable', 'away'));
    system.nowMs += 1_000;
    expect(await read()).toMatchObject({ cache: 'stale' });
    expect(received).toHaveLength(2);
  });
});

describe('the calls that may be read', () => {
  it.each(['svc.auth.token.issue.v1', 'svc.market-data.bars.ingest.v1', 'svc.cache.answer.read.v1', 'constructor'])(
    'refuses the subject %s',
    async (subject) => {
      await expect(system.first.read({ subject, request: '{}' }, caller)).rejects.toMatchObject({ code: 'invalid' });
      expect(system.asked).toHaveLength(0);
    },
  );

  it.each(['not json', '[]', '{"symbol":"600519.SH","more":1}', '{"symbol":"600519.SH","limit":0}', '{}'])(
    'refuses the request %s',
    async (text) => {
      await expect(system.first.read({ ...request, request: text }, caller)).rejects.toThrow();
      expect(system.asked).toHaveLength(0);
    },
  );

  it('refuses a caller that the call itself does not allow, even when the answer is cached', async () => {
    await read();
    const auditor: Caller = { ...caller, roles: ['auditor'] };
    await expect(system.first.read(request, auditor)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(system.first.read(request, undefined)).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});
