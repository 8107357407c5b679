import { beforeEach, describe, expect, it } from '@jest/globals';
import { Failure, type Answer } from '@mystocks/contracts';
import { setTimeout as pause } from 'node:timers/promises';
import { answer, CacheSystem, until } from '../../test/cache-system.js';
import type { AnswersService } from './answers.service.js';

let system: CacheSystem;
beforeEach(() => {
  system = new CacheSystem();
});
const more = (count: number): AnswersService[] => Array.from({ length: count }, () => system.another());
const etagsOf = (answers: readonly Answer[]): Set<string> => new Set(answers.map(({ etag }) => etag));
/** Gives waiting readers time to look several times. */
const looks = (): Promise<void> => pause(60);

describe('one request of all processes to an owner', () => {
  it('one request of all processes to an owner is sent once, however many processes and readers need it', async () => {
    const processes = [system.first, ...more(7)];
    const waiting = system.hold();
    const reading = Promise.all(
      processes.flatMap((process) => Array.from({ length: 1_000 }, () => system.read({}, process))),
    );
    await until(() => waiting.length > 0);
    await looks();
    waiting[0]?.answer(answer('one'));
    expect(etagsOf(await reading)).toEqual(new Set(['"one"']));
    expect(system.asked).toHaveLength(1);
  });

  it('one request of all processes to an owner is sent a second time only when the lease of a crashed holder has ended, and that holder stores nothing', async () => {
    const [second, third] = more(2);
    const waiting = system.hold();
    const dead = system.read();
    await until(() => waiting.length === 1);
    const others = [system.read({}, second), system.read({}, third)];
    system.nowMs += 990;
    await looks();
    expect(waiting).toHaveLength(1);
    system.nowMs += 10;
    await until(() => waiting.length === 2);
    await looks();
    waiting[1]?.answer(answer('new'));
    expect(etagsOf(await Promise.all(others))).toEqual(new Set(['"new"']));
    // It was only frozen, and comes late.
    waiting[0]?.answer(answer('old'));
    expect(await dead).toMatchObject({ etag: '"old"' });
    await looks();
    for (const process of [system.first, second, third])
      expect(await system.read({}, process)).toMatchObject({ etag: '"new"', cache: 'l2-hit' });
    expect(system.asked).toHaveLength(2);
  });

  it('one request of all processes to an owner is not stored when it was sent right after events may have been missed, however late its answer arrives', async () => {
    const [second] = more(1);
    const waiting = system.hold();
    const first = system.read({}, second);
    await until(() => waiting.length === 1);
    const other = system.read();
    await looks();
    system.bus.setConnected(false);
    system.bus.setConnected(true);
    waiting[0]?.fail(new Failure('unavailable', 'the owner is away'));
    await expect(first).rejects.toThrow();
    await until(() => waiting.length === 2);
    // A replica that was behind answers, but slowly: replicas have caught up by then.
    for (let turn = 0; turn < 2; turn += 1) {
      system.nowMs += 600;
      await pause(450);
    }
    waiting[1]?.answer(answer('old'));
    await other;
    system.origin = () => answer('new');
    expect(await system.read()).toMatchObject({ etag: '"new"', cache: 'miss' });
  });

  it('stays with the holder of the lease for as long as the owner takes', async () => {
    const [second] = more(1);
    const waiting = system.hold();
    const first = system.read();
    await until(() => waiting.length === 1);
    const other = system.read({}, second);
    for (let turn = 0; turn < 3; turn += 1) {
      await pause(450);
      system.nowMs += 700;
    }
    expect(waiting).toHaveLength(1);
    waiting[0]?.answer(answer('one'));
    expect(etagsOf(await Promise.all([first, other]))).toEqual(new Set(['"one"']));
  });

  it('one request of all processes to an owner is sent by the next waiting process at once when the holder fails, and by no more than those', async () => {
    const processes = [system.first, ...more(3)];
    system.origin = () => Promise.reject(new Failure('unavailable', 'the owner is away'));
    const outcomes = await Promise.allSettled(
      processes.flatMap((process) => Array.from({ length: 50 }, () => system.read({}, process))),
    );
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    expect(system.asked.length).toBeLessThanOrEqual(processes.length);
  });

  it('one request of all processes to an owner is sent by every process when its answer must not be stored', async () => {
    const processes = [system.first, ...more(2)];
    system.origin = () => answer('now', { ttl_ms: 0 });
    const read = await Promise.all(processes.map((process) => system.read({}, process)));
    expect(read.map(({ cache }) => cache)).toEqual(['miss', 'miss', 'miss']);
    expect(system.asked).toHaveLength(3);
  });

  it('one request of all processes to an owner is not waited for beyond the deadline of the reader', async () => {
    const [second] = more(1);
    const waiting = system.hold();
    const first = system.read();
    await until(() => waiting.length === 1);
    const hurried = system.read({ deadlineMs: system.nowMs + 300 }, second);
    const patient = system.read({}, second);
    system.nowMs += 300;
    await expect(hurried).rejects.toMatchObject({ code: 'timeout' });
    waiting[0]?.answer(answer('one'));
    expect(etagsOf(await Promise.all([first, patient]))).toEqual(new Set(['"one"']));
    expect(system.asked).toHaveLength(1);
  });

  it('one request of all processes to an owner is not waited for by a reader that must see more than the known writes', async () => {
    const [second] = more(1);
    const waiting = system.hold();
    const first = system.read();
    await until(() => waiting.length === 1);
    const own = system.read({ readAfter: '0/9' }, second);
    await until(() => waiting.length === 2);
    waiting[1]?.answer(answer('own'));
    waiting[0]?.answer(answer('one'));
    expect([(await own).etag, (await first).etag]).toEqual(['"own"', '"one"']);
  });

  it('one request of all processes to an owner is sent once more for the readers that joined when the token of the first was refused', async () => {
    const waiting = system.hold();
    const refused = system.read();
    const joined = Array.from({ length: 50 }, () => system.read());
    await until(() => waiting.length === 1);
    waiting[0]?.fail(new Failure('unauthenticated', 'the token has ended'));
    await expect(refused).rejects.toMatchObject({ code: 'unauthenticated' });
    await until(() => waiting.length === 2);
    waiting[1]?.answer(answer('one'));
    expect(etagsOf(await Promise.all(joined))).toEqual(new Set(['"one"']));
    expect(system.asked).toHaveLength(2);
  });
});

describe('an entry that an operator dropped', () => {
  it('an entry that an operator dropped is gone in every process, and an event is published', async () => {
    await system.read();
    expect(await system.first.drop({ tags: ['600519.SH'] })).toEqual({ dropped: 1 });
    expect(await system.read()).toMatchObject({ cache: 'miss' });
    expect(system.bus.published.at(-1)).toMatchObject({ payload: { tags: ['600519.SH'] } });
  });

  it('an entry that an operator dropped is not stored again by an older read, nor served to a later one', async () => {
    const [second] = more(1);
    const waiting = system.hold();
    const before = system.read();
    await until(() => waiting.length === 1);
    await second?.drop({ tags: ['600519.SH'] });
    await new Promise(setImmediate);
    const after = system.read();
    waiting[0]?.answer(answer('old'));
    expect((await before).etag).toBe('"old"');
    await until(() => waiting.length === 2);
    waiting[1]?.answer(answer('new'));
    expect((await after).etag).toBe('"new"');
    expect(await system.read()).toMatchObject({ etag: '"new"', cache: 'l2-hit' });
  });
});
