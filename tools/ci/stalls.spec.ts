import { describe, expect, it } from '@jest/globals';
import { sleep, waitFor } from '@mystocks/testing';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { toRunAgain, type FailedFile } from './stalls.js';

const file = (path: string, fromMs: number, toMs: number): FailedFile => ({ path, fromMs, toMs });
const stall = { fromMs: 5_000, toMs: 7_000 };

describe('failed test files', () => {
  it('failed test files are run again when the machine stood still during each of them', () => {
    const failed = [file('a', 0, 5_000), file('b', 6_000, 6_500), file('c', 7_000, 9_000)];
    expect(toRunAgain(failed, [stall])).toEqual(['a', 'b', 'c']);
  });

  it('failed test files are not when one of them failed without', () => {
    expect(toRunAgain([file('a', 0, 9_000), file('b', 7_001, 9_000)], [stall])).toEqual([]);
    expect(toRunAgain([file('a', 0, 9_000)], [])).toEqual([]);
  });

  it('failed test files are not when they are many', () => {
    const many = Array.from({ length: 4 }, (_, n) => file(String(n), 0, 9_000));
    expect(toRunAgain(many, [stall])).toEqual([]);
    expect(toRunAgain(many.slice(1), [stall])).toHaveLength(3);
  });
});

it('a process that is stopped for longer than a second is a stall', async () => {
  const script = `
    process.stdin.on('data', () => console.log(JSON.stringify(watch.seen)));
    const { StallWatch } = await import(process.argv[1]);
    const watch = new StallWatch();
    console.log('watching');`;
  const module = join(import.meta.dirname, 'stalls.ts');
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, module], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (text) => (out += String(text)));
  try {
    await waitFor(() => out.includes('watching'), { timeoutMs: 10_000, what: 'the watch' });
    const begunMs = Date.now();
    // Its thread may have begun only after the first time.
    const isSeen = async (): Promise<boolean> => {
      child.kill('SIGSTOP');
      await sleep(1_500);
      child.kill('SIGCONT');
      const length = out.length;
      child.stdin.write('seen?');
      await waitFor(() => out.length > length, { timeoutMs: 10_000, what: 'the answer' });
      return out.includes('fromMs');
    };
    await waitFor(isSeen, { timeoutMs: 20_000, what: 'the stall to be seen' });
    const seen = out.split('\n').find((one) => one.includes('fromMs')) ?? '';
    const [{ fromMs, toMs }] = JSON.parse(seen) as [{ fromMs: number; toMs: number }];
    expect(toMs - fromMs).toBeGreaterThan(1_000);
    expect([fromMs > begunMs - 1_000, toMs <= Date.now()]).toEqual([true, true]);
  } finally {
    child.kill('SIGKILL');
  }
}, 40_000);
