/**
 * Maps `items` with at most `atOnce` calls of `work` under way; results keep the order of the items.
 * After the first failure nothing new starts, and that failure is thrown.
 */
export async function mapBounded<T, R>(
  items: Iterable<T>,
  options: { readonly atOnce: number },
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  // One generator for all workers: a throw inside `for...of` closes it, so the others stop too.
  const queue = numbered(items);
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await work(item, index);
  };
  await Promise.all(Array.from({ length: options.atOnce }, worker));
  return results;
}

function* numbered<T>(items: Iterable<T>): Generator<[number, T]> {
  let index = 0;
  for (const item of items) yield [index++, item];
}
