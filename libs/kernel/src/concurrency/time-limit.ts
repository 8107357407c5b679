import { setTimeout as pause } from 'node:timers/promises';

const noAnswer = (ms: number): Error => new Error(`no answer in ${String(ms)} ms`);

/**
 * Resolves with the result of `work`, or rejects with what `late` makes after `ms` without one. It waits in two halves: a
 * process that was busy during one of them reads what has arrived before the other one ends, so it does not mistake its own
 * delay for a server that does not answer.
 */
export async function withTimeLimit<T>(
  ms: number,
  work: T | Promise<T>,
  late: (ms: number) => Error = noAnswer,
): Promise<T> {
  const { promise: limit, reject } = Promise.withResolvers<never>();
  let timer = setTimeout(() => {
    timer = setTimeout(() => {
      reject(late(ms));
    }, ms / 2);
  }, ms / 2);
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for `work` to end, but at most `ms`. A failure of `work` is ignored: what waits here closes either way. */
export async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  const ended = new AbortController();
  const limit = pause(ms, undefined, { signal: ended.signal }).catch(() => undefined);
  await Promise.race([work.catch(() => undefined), limit]);
  ended.abort();
}
