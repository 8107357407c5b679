/**
 * What `work` answers, or a failure after `ms` of silence. Waits in two halves: a process that was busy for one of them
 * reads what has arrived before the other ends, so it does not take its own slowness for the server's silence.
 */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      timer = setTimeout(() => {
        reject(new Error(`no answer in ${String(ms)} ms`));
      }, ms / 2);
    }, ms / 2);
  });
  try {
    return await Promise.race([work, silence]);
  } finally {
    clearTimeout(timer);
  }
}
