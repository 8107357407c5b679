import type { StoredBar } from './shown-bar.js';

/**
 * Of every day the bars of the coarsest frame that has any on it, in the order of `sort`. `frames` holds the bars of one
 * frame each, the coarsest first; bars of whole days, or a coarser bar outside could go unseen.
 */
export function coarsestFrames<B extends StoredBar>(frames: readonly (readonly B[])[], sort: 'asc' | 'desc'): B[] {
  const taken = new Map<string, number>();
  frames.forEach((bars, frame) => {
    for (const { t } of bars) if (!taken.has(t.slice(0, 10))) taken.set(t.slice(0, 10), frame);
  });
  const kept = frames.flatMap((bars, frame) => bars.filter(({ t }) => taken.get(t.slice(0, 10)) === frame));
  const up = (a: B, b: B): number => (a.t < b.t ? -1 : a.t > b.t ? 1 : 0);
  return kept.sort(sort === 'asc' ? up : (a, b) => up(b, a));
}
