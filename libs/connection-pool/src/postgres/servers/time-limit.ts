/**
 * Resolves with the result of `work`, or rejects after `ms` without one. It waits in two halves: a process that was busy
 * during one of them reads what has arrived before the other one ends, so it does not mistake its own delay for a server
 * that does not answer.
 */
export async function withTimeLimit<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      timer = setTimeout(() => {
        reject(new Error(`no answer in ${String(ms)} ms`));
      }, ms / 2);
    }, ms / 2);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
