/** How long to wait and how often to look. */
export interface Patience {
  readonly timeoutMs: number;
  /** Default 20 ms. */
  readonly everyMs?: number;
  /** What is being waited for, for the message of the failure. */
  readonly what?: string;
}

/**
 * Looks until `condition` answers something truthy and gives that back. A throw means "not yet"; the last one is the
 * cause when time runs out.
 */
export async function waitFor<T>(condition: () => T | Promise<T>, patience: Patience): Promise<NonNullable<T>> {
  const { timeoutMs, everyMs = 20, what = 'the condition' } = patience;
  const deadlineMs = Date.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (Date.now() >= deadlineMs) throw new Error(`waited ${String(timeoutMs)} ms in vain for ${what}`, { cause });
    await sleep(everyMs);
  }
}

/**
 * What `work` comes to. It fails when the event loop turns before `work` is done, so nothing in `work` may wait for a
 * timer or for I/O. A test that means "at once" says it so; how fast the machine is does not matter then.
 */
export function withoutWaiting<T>(work: Promise<T>): Promise<T> {
  const turn = new Promise<never>((_resolve, reject) => {
    setImmediate(() => {
      reject(new Error('the event loop turned before the work was done'));
    });
  });
  return Promise.race([work, turn]);
}

/** Resolves after `ms`. Tests wait for conditions, not for time: this is for polling and for fault injection. */
export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
