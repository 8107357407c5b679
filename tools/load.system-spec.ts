import { describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';

const PATIENCE_MS = 120_000;

interface Outcome {
  readonly code: number;
  readonly out: string;
}
const load = (...args: string[]): Promise<Outcome> =>
  new Promise((done) => {
    const script = resolve('tools/load.ts');
    execFile(process.execPath, [script, ...args], { timeout: PATIENCE_MS }, (error, out, err) => {
      done({ code: error === null ? 0 : Number(error.code), out: out + err });
    });
  });

describe('npm run load', () => {
  it(
    'drives the whole system without k6, keeps count of its connections and finds every promise kept',
    async () => {
      const { code, out } = await load('pools', '--callers', '60', '--seconds', '6', '--engine', 'autocannon');
      expect({ code, out }).toMatchObject({ code: 0 });
      expect(out).not.toContain('BROKEN');
      expect(out).toMatch(/kept +pools: the services' connections stay under the fleet budget/);
      // Every kind of request was sent and served, so every service was under load.
      for (const kind of ['bars, not cached', 'bars, cached', 'me', 'quote written', 'batch written'])
        expect(out).toMatch(new RegExp(`^ +${kind} +[1-9][\\d,]* +p50`, 'm'));
      expect(out).toMatch(/sockets +[1-9][\d,]* quotes/);
      // It did look while the load was on.
      expect(Number(/primary at most (\d+) of/.exec(out)?.[1])).toBeGreaterThan(0);
    },
    PATIENCE_MS,
  );

  it(
    'keeps as many connections open as it says, and finds hot reads answered by the first tier',
    async () => {
      const { out } = await load('connections', '--callers', '100', '--seconds', '6');
      // How fast it was is a question of the machine, not of a test.
      expect(out.match(/^BROKEN .*/gm)?.filter((line) => !line.includes('answers within')) ?? []).toEqual([]);
      for (const run of ['100 users', 'closed loop']) {
        expect(out).toMatch(new RegExp(`kept +${run}: every answer is 200\\n +[1-9]`));
        expect(out).toMatch(
          new RegExp(`kept +${run}: 100 connections are open all the time\\n +1\\d\\d to 1\\d\\d in`),
        );
      }
      expect(out).toMatch(/caches +.*l1-hit [89]\d/);
    },
    PATIENCE_MS,
  );

  it.each([
    ['a load test that is not there', ['nothing'], 'there are connections, overload, pools'],
    ['no number of callers', ['pools', '--callers', 'many'], '--callers must be a whole number'],
    ['an engine that is not there', ['pools', '--engine', 'wrk'], '--engine is k6 or autocannon'],
  ])('says what is wrong: %s', async (_what, args, text) => {
    const { code, out } = await load(...args);
    expect(code).toBe(1);
    expect(out).toContain(text);
  });
});
