import { afterEach, describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { waitFor } from '@mystocks/testing';
import { HashProcesses } from './hash-processes.js';

let processes: HashProcesses;
afterEach(() => {
  processes.onModuleDestroy();
});

const hash = (cost = 4): Promise<string | boolean> => processes.run({ kind: 'hash', text: 'a text', cost });

/** The hash processes of this one, by number. */
function children(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const isOurs =
          readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ')[1] === String(process.pid);
        return isOurs && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('hash-program');
      } catch {
        // It has ended since it was listed.
        return false;
      }
    });
}

describe('HashProcesses', () => {
  it('hashes and compares in other processes, as many as it was told', async () => {
    processes = new HashProcesses(2);
    const hashes = await Promise.all(Array.from({ length: 6 }, () => hash()));
    expect(children()).toHaveLength(2);
    for (const stored of hashes) {
      expect(await processes.run({ kind: 'compare', text: 'a text', stored: String(stored) })).toBe(true);
      expect(await processes.run({ kind: 'compare', text: 'another', stored: String(stored) })).toBe(false);
    }
  });

  it('does not keep the event loop of its own process busy', async () => {
    processes = new HashProcesses(1);
    await hash();
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 5);
    await hash(11);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(2);
  });

  const onLinux = process.platform === 'linux' ? it : it.skip;
  onLinux('lets other processes go first', async () => {
    processes = new HashProcesses(1);
    await hash();
    const [pid] = children();
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ');
    expect(fields?.[16]).toBe(String(Math.min(19, getPriority() + 5)));
  });

  it('does a job once more when its process is killed, and fails it when that one is killed too', async () => {
    processes = new HashProcesses(1);
    await hash();
    const [first] = children();
    process.kill(first!, 'SIGKILL');
    expect(await hash()).toContain('$04$');
    const long = hash(16);
    const [second] = children();
    process.kill(second!, 'SIGKILL');
    const third = await waitFor(() => children().find((pid) => pid !== second), { timeoutMs: 10_000 });
    process.kill(third!, 'SIGKILL');
    await expect(long).rejects.toThrow('two hash processes ended');
    expect(await hash()).toContain('$04$');
  });

  it('says what bcrypt refuses', async () => {
    processes = new HashProcesses(1);
    await expect(processes.run({ kind: 'hash', text: 'x', cost: NaN })).rejects.toThrow('bcrypt refused');
    expect(await hash()).toContain('$04$');
  });
});
