import { describe, expect, it } from '@jest/globals';
import { withContext } from '@mystocks/telemetry';
import { WorkQueue } from './work-queue.js';

const codeOf = (run: Promise<unknown>): Promise<unknown> =>
  run.then(
    () => 'done',
    (error: { code: unknown }) => error.code,
  );

describe('WorkQueue', () => {
  it('runs two at once, lets fifty wait and turns the others away at once with a time to come back', async () => {
    const queue = new WorkQueue({ atOnce: 2, waitingMax: 50 });
    const started: number[] = [];
    const finish: (() => void)[] = [];
    const runs = Array.from({ length: 60 }, (_, index) =>
      queue.run(async () => {
        started.push(index);
        await new Promise<void>((resolve) => finish.push(resolve));
      }),
    );
    const outcomes = runs.map(codeOf);
    expect(await Promise.all(outcomes.slice(52))).toEqual(Array(8).fill('unavailable'));
    await expect(runs[59]).rejects.toMatchObject({ retryAfterS: 5 });
    expect(started).toEqual([0, 1]);
    for (let turn = 0; turn < 52; turn++) {
      finish[turn]?.();
      await outcomes[turn];
    }
    expect(await Promise.all(outcomes.slice(0, 52))).toEqual(Array(52).fill('done'));
    expect(started).toEqual(Array.from({ length: 52 }, (_, index) => index));
  });

  it('goes on after work that failed', async () => {
    const queue = new WorkQueue({ atOnce: 1, waitingMax: 1 });
    const bad = queue.run(() => Promise.reject(new Error('bad')));
    const good = queue.run(() => Promise.resolve('good'));
    await expect(bad).rejects.toThrow('bad');
    expect(await good).toBe('good');
    expect(await queue.run(() => Promise.resolve('again'))).toBe('again');
  });

  it('does not begin work that nobody waits for any more', async () => {
    const queue = new WorkQueue({ atOnce: 1, waitingMax: 1 });
    let begun = false;
    const context = { requestId: 'request-1', traceparent: '', deadlineMs: Date.now() - 1 };
    const late = withContext(context, () =>
      queue.run(() => {
        begun = true;
        return Promise.resolve();
      }),
    );
    expect(await codeOf(late)).toBe('timeout');
    expect(begun).toBe(false);
  });
});
