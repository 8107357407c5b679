/** Splits `all`, in its order, into groups of at most `size`. */
export function* chunked<T>(all: readonly T[], size: number): Generator<T[]> {
  for (let from = 0; from < all.length; from += size) yield all.slice(from, from + size);
}
