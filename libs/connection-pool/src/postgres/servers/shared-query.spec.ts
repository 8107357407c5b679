import { describe, expect, it } from '@jest/globals';
import { SharedQuery } from './shared-query.js';

interface Execution {
  readonly resolve: (answer: number) => void;
  readonly reject: (error: Error) => void;
}

/** A query whose results the test supplies. */
function open(): { query: SharedQuery<number>; executions: Execution[] } {
  const executions: Execution[] = [];
  const execute = (): Promise<number> => new Promise((resolve, reject) => executions.push({ resolve, reject }));
  return { query: new SharedQuery(execute), executions };
}

describe('SharedQuery', () => {
  it('gives callers that come during a query the result of the next one, which they share', async () => {
    const { query, executions } = open();
    const first = query.run();
    const later = [query.run(), query.run()];
    expect(executions).toHaveLength(1);
    executions[0]?.resolve(1);
    expect(await first).toBe(1);
    await Promise.resolve();
    expect(executions).toHaveLength(2);
    executions[1]?.resolve(2);
    expect(await Promise.all(later)).toEqual([2, 2]);
  });

  it('rejects the callers of a failed query and runs it again for the next ones', async () => {
    const { query, executions } = open();
    const first = query.run();
    const second = query.run();
    executions[0]?.reject(new Error('gone'));
    await expect(first).rejects.toThrow('gone');
    await Promise.resolve();
    executions[1]?.resolve(2);
    expect(await second).toBe(2);
    const third = query.run();
    executions[2]?.resolve(3);
    expect(await third).toBe(3);
  });
});
