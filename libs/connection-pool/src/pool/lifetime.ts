/** The last part of the lifetime, over which connections that were opened together are replaced. */
const SPREAD = 0.2;
// Multiples of the golden ratio, modulo 1, are spread more evenly than random numbers, however many there are.
const GOLDEN = 0.618_033_988_749_894_9;

/**
 * Lifetime of the `index`-th connection of a pool: between 0.8 and 1 of `recycleMs`, and different from those of the
 * connections opened next to it, so that they are not replaced together. `phase` (0 to 1) differs from pool to pool.
 */
export function lifetimeMs(recycleMs: number, index: number, phase: number): number {
  return recycleMs * (1 - SPREAD * ((phase + index * GOLDEN) % 1));
}
