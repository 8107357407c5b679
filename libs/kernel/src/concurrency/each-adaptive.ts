import type { AdaptiveLimit } from './adaptive-limit.js';

/**
 * Works through `source` with as many pieces under way as `limit` allows. The next item is taken while others are
 * worked on, so at most one waits. After the first failure nothing new starts, the source is let go, and that failure
 * is thrown at once. `work` answers `overloaded` for an item that was refused and must not stop the others.
 */
export async function eachAdaptive<T>(
  source: AsyncGenerator<T>,
  limit: AdaptiveLimit,
  work: (item: T) => Promise<unknown>,
  options: {
    /** Whether a failure means that there was too much of it. */
    readonly isOverload?: (error: unknown) => boolean;
    /** Called when an item begins (+1) and ends (-1) to wait for its turn. */
    readonly onWaiting?: (change: 1 | -1) => void;
  },
): Promise<void> {
  const running = new Set<Promise<void>>();
  let fail: (error: unknown) => void = () => undefined;
  const failure = new Promise<never>((_resolve, reject) => (fail = reject));
  // The error reaches the race below; this handler only prevents an "unhandled rejection".
  failure.catch(() => undefined);
  const start = (item: T): void => {
    const begun = limit.begin(performance.now());
    const piece = work(item)
      .then(
        (answer) => {
          limit.end(begun, performance.now(), answer === 'overloaded' ? 'overloaded' : 'done');
        },
        (error: unknown) => {
          limit.end(begun, performance.now(), options.isOverload?.(error) === true ? 'overloaded' : 'failed');
          fail(error);
        },
      )
      .finally(() => running.delete(piece));
    running.add(piece);
  };
  try {
    for (;;) {
      const next = await Promise.race([source.next(), failure]);
      if (next.done === true) break;
      options.onWaiting?.(1);
      try {
        while (running.size >= limit.limit) await Promise.race([...running, failure]);
      } finally {
        options.onWaiting?.(-1);
      }
      start(next.value);
    }
    // The failure stands first: where the last piece has failed already, nothing is running any more either.
    await Promise.race([failure, Promise.all(running)]);
  } finally {
    // An error while closing the source changes nothing once the work is done.
    source.return(undefined).catch(() => undefined);
  }
}
