/** The last part of a connection's life over which connections made together retire. */
const SPREAD = 0.2;
// Multiples of the golden ratio, modulo 1, lie further apart than chance would lay them, however many there are.
const GOLDEN = 0.618_033_988_749_894_9;

/**
 * How long the `index`-th connection of a pool lives: between 0.8 and 1 of `recycleMs`, and different from its
 * neighbours', so that connections made together are not replaced together. `phase` (0 to 1) sets pools apart.
 */
export function lifetimeMs(recycleMs: number, index: number, phase: number): number {
  return recycleMs * (1 - SPREAD * ((phase + index * GOLDEN) % 1));
}
