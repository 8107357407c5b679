import { describe, expect, it, jest } from '@jest/globals';
import { Failure } from '@mystocks/contracts';
import { currentContext } from '@mystocks/telemetry';
import { BatchedReads, type Reader } from './batched-reads.js';

const readerOf = (token: string, expiresAtMs = 1): Reader => ({ token, caller: { id: token, expiresAtMs } });
const reader = readerOf('t');

/** Reads that end when they are told to; `started` holds the keys of each. */
function heldReads(limits: Partial<ConstructorParameters<typeof BatchedReads>[0]> = {}) {
  const started: { readonly keys: readonly string[]; readonly token: string | undefined; end: () => void }[] = [];
  const reads = new BatchedReads<string>({ keysMax: 3, atOnce: 2, waitingMax: 100, ...limits }, async (keys) => {
    const token = currentContext()?.token;
    await new Promise<void>((end) => started.push({ keys, token, end }));
    return new Map(keys.map((key) => [key, `${key} of read ${started.findIndex((one) => one.keys === keys)}`]));
  });
  const startedKeys = (): unknown => started.map(({ keys }) => keys);
  return { reads, started, startedKeys };
}

const passed = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('batched reads', () => {
  it('batched reads read the keys of a request together, and those of others that came before the read started', async () => {
    const { reads, started, startedKeys } = heldReads();
    const [first, second] = [reads.get(['a', 'b'], reader), reads.get(['b', 'c'], reader)];
    await passed();
    expect(startedKeys()).toEqual([['a', 'b', 'c']]);
    started[0]?.end();
    expect(await first).toEqual(
      new Map([
        ['a', 'a of read 0'],
        ['b', 'b of read 0'],
      ]),
    );
    expect([...(await second).keys()]).toEqual(['b', 'c']);
  });

  it('batched reads read a key again for a request that came after its read had started', async () => {
    const { reads, started } = heldReads();
    const before = reads.get(['a'], reader);
    await passed();
    const after = reads.get(['a'], reader);
    await passed();
    for (const one of started) one.end();
    expect([await before, await after].map((found) => found.get('a'))).toEqual(['a of read 0', 'a of read 1']);
  });

  it('batched reads run a limited number at the same time; what waits meanwhile is read together', async () => {
    const { reads, started, startedKeys } = heldReads({ atOnce: 1 });
    const results = ['a', 'b', 'c', 'd', 'e'].map(async (key) => {
      await passed();
      return reads.get([key], reader);
    });
    await passed();
    await passed();
    await passed();
    for (let index = 0; index < 3; index += 1) {
      started[index]?.end();
      await passed();
    }
    await Promise.all(results);
    expect(started.every(({ keys }) => keys.length <= 3)).toBe(true);
    expect(started.length).toBeLessThan(5);
    expect((startedKeys() as string[][]).flat()).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('batched reads carry the token that is valid longest of those that wait', async () => {
    const { reads, started } = heldReads();
    const all = [
      reads.get(['a'], readerOf('x', 1)),
      reads.get(['a', 'b'], readerOf('y', 9)),
      reads.get(['b'], readerOf('z', 5)),
    ];
    await passed();
    expect(started.map(({ token }) => token)).toEqual(['y']);
    started[0]?.end();
    await Promise.all(all);
  });

  it('batched reads give every request of a read its failure, and go on', async () => {
    let isAway = true;
    const reads = new BatchedReads<string>({ keysMax: 3, atOnce: 1, waitingMax: 9 }, (keys) =>
      isAway ? Promise.reject(new Failure('unavailable', 'away')) : Promise.resolve(new Map([[keys[0] ?? '', 'v']])),
    );
    expect((await reads.get(['a', 'b'], reader)).get('b')).toMatchObject({ code: 'unavailable', message: 'away' });
    isAway = false;
    const found = await reads.get(['a', 'b'], reader);
    expect([found.get('a'), found.get('b')]).toEqual(['v', expect.objectContaining({ code: 'unavailable' })]);
  });

  it('batched reads refuse keys beyond those that may wait, and do not start what has waited too long', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    const { reads, started } = heldReads({ atOnce: 1, waitingMax: 2 });
    const running = reads.get(['a'], reader);
    await passed();
    const waiting = reads.get(['b', 'c', 'd'], reader);
    await passed();
    jest.setSystemTime(Date.now() + 11_000);
    started[0]?.end();
    const found = await waiting;
    expect(['b', 'c', 'd'].map((key) => found.get(key))).toMatchObject([
      { code: 'timeout' },
      { code: 'timeout' },
      { code: 'unavailable', retryAfterS: 1 },
    ]);
    await running;
    expect(started).toHaveLength(1);
    jest.useRealTimers();
  });
});
