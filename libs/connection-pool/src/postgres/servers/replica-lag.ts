import { compareLsn } from '@mystocks/kernel';
import type { Sight } from './server-state.js';

/** A replica further behind is not read. */
const LEAVES_MS = 1_000;
/** One that left is read again when it is this near: two limits, so that it does not come and go at one. */
const RETURNS_MS = 500;

/**
 * How far a replica is behind, in the primary's own clock: 0 when it shows all the primary had, else the age of its
 * newest beat beside the primary's. Infinite on another timeline: it follows a server that is primary no more, and its
 * log positions mean nothing.
 */
export function lagMs(replica: Sight, primary: Sight): number {
  if (replica.timeline !== primary.timeline) return Infinity;
  if (compareLsn(replica.lsn, primary.lsn) >= 0) return 0;
  return Math.max(0, primary.beatMs - replica.beatMs);
}

export const isNearEnough = (wasNear: boolean, lag: number): boolean => lag <= (wasNear ? LEAVES_MS : RETURNS_MS);
