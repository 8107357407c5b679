import { setTimeout as pause } from 'node:timers/promises';

/** Waits for `work` to end, but at most `ms`. A failure of `work` is ignored: what waits here closes either way. */
export async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  const ended = new AbortController();
  const limit = pause(ms, undefined, { signal: ended.signal }).catch(() => undefined);
  await Promise.race([work.catch(() => undefined), limit]);
  ended.abort();
}
