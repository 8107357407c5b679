import { describe, expect, it, jest } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, ManagedProcess, processTree, temporaryDirectory, waitFor } from '../index.js';

jest.setTimeout(60_000);

const shell = (script: string, ready: () => unknown = () => undefined, extra: object = {}): ManagedProcess =>
  new ManagedProcess({ name: 'script', command: '/bin/sh', args: ['-c', script], ready, ...extra });

const notYet = (): never => {
  throw new Error('not yet');
};

describe('ManagedProcess', () => {
  it('says why a program did not start, with what it printed', async () => {
    await expect(shell('echo no port; exit 3', notYet).start()).rejects.toThrow(/script ended with 3\n[^]*no port/);
    const missing = new ManagedProcess({
      name: 'missing',
      command: '/no/such/program',
      args: [],
      ready: notYet,
    });
    await expect(missing.start()).rejects.toThrow(/missing ended with 127\n[^]*ENOENT/);
  });

  it('gives up on a program that never answers, and leaves none of it', async () => {
    const deaf = shell('sleep 60 & echo $!; wait', notYet, { startTimeoutMs: 200 });
    await expect(deaf.start()).rejects.toThrow(/200 ms in vain for script to answer/);
    expect(isAlive(Number(deaf.output()))).toBe(false);
  });

  it('kills a program that does not obey SIGTERM, with everything under it', async () => {
    const stubborn = shell("trap '' TERM; sleep 60 & echo up; wait; sleep 60", () => undefined, { stopTimeoutMs: 200 });
    await stubborn.start();
    await waitFor(() => stubborn.output().includes('up'), { timeoutMs: 10_000 });
    const pids = processTree(stubborn.pid!);
    expect(pids.length).toBeGreaterThan(1);
    expect(await stubborn.stop()).toEqual({ code: null, signal: 'SIGKILL' });
    await waitFor(() => !pids.some(isAlive), { timeoutMs: 10_000 });
  });

  it('tells its listeners that it ended', async () => {
    const quick = shell('sleep 0.1; exit 7');
    const exits: unknown[] = [];
    quick.onExit((exit) => exits.push(exit));
    await quick.start();
    await waitFor(() => exits.length === 1, { timeoutMs: 10_000 });
    expect(exits).toEqual([{ code: 7, signal: null }]);
    await quick.restart();
    await quick.kill();
  });

  it.each(['SIGKILL', 'SIGTERM'] as const)('leaves no server and no data when its owner dies of %s', async (signal) => {
    const place = temporaryDirectory('owner');
    const script = join(place, 'owner.mjs');
    const facts = join(place, 'facts.json');
    const library = new URL('../../dist/index.js', import.meta.url).href;
    writeFileSync(
      script,
      `import { startRedis, temporaryDirectory } from ${JSON.stringify(library)};
       import { writeFileSync } from 'node:fs';
       const redis = await startRedis();
       const directory = temporaryDirectory('left');
       writeFileSync(${JSON.stringify(facts)}, JSON.stringify({ pid: redis.process.pid, directory }));
       setInterval(() => undefined, 1000);`,
    );
    const owner = spawn(process.execPath, [script], { stdio: 'ignore' });
    const gone = once(owner, 'exit');
    const { pid, directory } = await waitFor(
      () => JSON.parse(readFileSync(facts, 'utf8')) as { pid: number; directory: string },
      { timeoutMs: 20_000 },
    );
    expect(isAlive(pid)).toBe(true);
    owner.kill(signal);
    await gone;
    await waitFor(() => !isAlive(pid) && !existsSync(directory), { timeoutMs: 20_000, what: 'the guard to clean up' });
  });
});
