import { compareLsn } from '@mystocks/kernel';
import type { ServerState } from './server-state.js';

/** A replica with a larger lag is taken out of rotation. */
const OUT_ABOVE_MS = 1_000;
/** It is read again below this lag. The two limits differ so that a replica at one of them does not go in and out. */
const IN_BELOW_MS = 500;

/**
 * The lag of a replica, by the clock of the primary: 0 when it shows all that the primary had, else how much older its
 * newest heartbeat is than the primary's. It is infinite on another timeline: the replica then follows a server that is
 * not the primary any more, and its log positions cannot be compared.
 */
export function lagMs(replica: ServerState, primary: ServerState): number {
  if (replica.timeline !== primary.timeline) return Infinity;
  if (compareLsn(replica.lsn, primary.lsn) >= 0) return 0;
  return Math.max(0, primary.beatMs - replica.beatMs);
}

export const isInRotation = (wasInRotation: boolean, lag: number): boolean =>
  lag <= (wasInRotation ? OUT_ABOVE_MS : IN_BELOW_MS);
