import { afterAll, describe, expect, it } from '@jest/globals';
import { Secret } from '@mystocks/secrets';
import bcrypt from 'bcrypt';
import { HashProcesses, type HashJob } from './hash-processes.js';
import { PasswordHasher } from './password-hasher.js';

const pepper = new Secret('a pepper that is long enough for a test');
const processes = new HashProcesses(1);
const hasher = new PasswordHasher({ pepper, cost: 4, processes });

afterAll(() => {
  processes.onModuleDestroy();
});

describe('PasswordHasher', () => {
  it('says how it was done, without a trace of the password', async () => {
    const stored = await hasher.hash('lunch tractor velvet 9');
    expect(stored).toMatch(/^bcrypt-hmac-sha384\$2b\$04\$[./A-Za-z0-9]{53}$/);
    expect(await hasher.fits('lunch tractor velvet 9', stored)).toBe(true);
    expect(await hasher.fits('Lunch tractor velvet 9', stored)).toBe(false);
  });

  it('sees every byte: passwords that differ only after 72 of them differ', async () => {
    const start = 'x'.repeat(72);
    const stored = await hasher.hash(`${start}a`);
    expect(await hasher.fits(`${start}a`, stored)).toBe(true);
    for (const other of [start, `${start}b`, `${start}ab`]) expect(await hasher.fits(other, stored)).toBe(false);
  });

  it('sees what comes after a NUL', async () => {
    const stored = await hasher.hash('before\0after');
    expect(await hasher.fits('before\0other', stored)).toBe(false);
    expect(await hasher.fits('before', stored)).toBe(false);
  });

  it('takes two spellings of one Unicode text for the same', async () => {
    expect(await hasher.fits('caf\u00e9 au lait please', await hasher.hash('cafe\u0301 au lait please'))).toBe(true);
  });

  it('needs the pepper it was hashed with', async () => {
    const other = new PasswordHasher({ pepper: new Secret('another pepper'), cost: 4, processes });
    expect(await other.fits('lunch tractor velvet 9', await hasher.hash('lunch tractor velvet 9'))).toBe(false);
  });

  it('takes as long for an unknown user as for a known one, and rejects every password of an unknown user', async () => {
    const here = {
      run: (job: HashJob) =>
        Promise.resolve(
          job.kind === 'hash' ? bcrypt.hashSync(job.text, job.cost) : bcrypt.compareSync(job.text, job.stored),
        ),
    };
    const slow = new PasswordHasher({ pepper, cost: 9, processes: here });
    const stored = await slow.hash('lunch tractor velvet 9');
    // Of this process, so that others on the machine do not matter.
    const millisecondsOf = async (hash: string | undefined): Promise<number> => {
      const times: number[] = [];
      for (let round = 0; round < 9; round++) {
        const before = process.cpuUsage();
        expect(await slow.fits('wrong', hash)).toBe(false);
        times.push(process.cpuUsage(before).user / 1_000);
      }
      return Math.min(...times);
    };
    const [known, unknown] = [await millisecondsOf(stored), await millisecondsOf(undefined)];
    // A compare that gives up at the salt takes microseconds, a whole one at cost 9 some 30 ms.
    expect(unknown / known).toBeGreaterThan(0.5);
    expect(unknown / known).toBeLessThan(2);
  });

  it('knows a hash of other parameters, and refuses one of an unknown scheme', async () => {
    const stored = await hasher.hash('lunch tractor velvet 9');
    expect(hasher.needsRehash(stored)).toBe(false);
    expect(new PasswordHasher({ pepper, cost: 5, processes }).needsRehash(stored)).toBe(true);
    await expect(hasher.fits('x', stored.replace('bcrypt-hmac-sha384', ''))).rejects.toThrow('unknown scheme');
  });
});
