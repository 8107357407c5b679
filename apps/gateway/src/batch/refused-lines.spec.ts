import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RefusedLines } from './refused-lines.js';
import type { TalliedItem } from '../files/tally.js';

const items = (count: number): TalliedItem[] =>
  Array.from({ length: count }, (_, index) => ({
    ...{ index, line: index + 1, id: '', status: 422 },
    error: { code: 1001, message: `poison ${'x'.repeat(40)}` },
  }));

/** A client that takes `bytes` every second. */
function readSlowly({ body }: RefusedLines, bytes: number): { readonly text: () => string; stop(): void } {
  const chunks: Buffer[] = [];
  const timer = setInterval(() => {
    const chunk = (body.read(Math.min(bytes, body.readableLength)) ?? Buffer.alloc(0)) as Buffer;
    chunks.push(chunk);
  }, 1_000);
  return {
    text: () => Buffer.concat(chunks).toString(),
    stop: () => {
      clearInterval(timer);
    },
  };
}

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('The refused lines of a batch', () => {
  it('The refused lines of a batch are all sent to a client that reads them at 20 KB a second', async () => {
    const refused = new RefusedLines();
    const client = readSlowly(refused, 20_000);
    const all = items(20_000);
    const writing = refused.write(Promise.resolve(all)).then(() => {
      refused.end({ status: 207 });
    });
    await jest.advanceTimersByTimeAsync(200_000);
    await writing;
    client.stop();
    const lines = client.text().trimEnd().split('\n');
    expect(lines).toHaveLength(all.length + 1);
    expect(lines.slice(0, -1)).toEqual(all.map((item) => JSON.stringify(item)));
  });

  it('The refused lines of a batch are cut off for a client that reads none of them for 10 seconds', async () => {
    const refused = new RefusedLines();
    const writing = refused.write(Promise.resolve(items(20_000))).catch((error: unknown) => error);
    await jest.advanceTimersByTimeAsync(9_999);
    expect(refused.body.destroyed).toBe(false);
    await jest.advanceTimersByTimeAsync(2);
    expect(refused.body.destroyed).toBe(true);
    expect(await writing).toMatchObject({ code: 'timeout' });
  });

  it('The refused lines of a batch are cut off for a client that stops to read in the middle', async () => {
    const refused = new RefusedLines();
    const client = readSlowly(refused, 20_000);
    const writing = refused.write(Promise.resolve(items(20_000))).catch((error: unknown) => error);
    await jest.advanceTimersByTimeAsync(30_000);
    client.stop();
    await jest.advanceTimersByTimeAsync(15_000);
    expect(refused.body.destroyed).toBe(true);
    expect(await writing).toMatchObject({ code: 'timeout' });
  });
});
