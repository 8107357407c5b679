import { chinaDay, isKnown, phaseAt, type Phase } from '@mystocks/calendar';

/** The phase of the market, or nothing on days the calendar does not know: then nobody guesses. */
export function knownPhase(nowMs: number): Phase | undefined {
  return isKnown(chinaDay(nowMs)) ? phaseAt(nowMs) : undefined;
}

/** True while quotes may move: from the opening auction to the close, without lunch. */
export const isOpenPhase = (phase: Phase | undefined): boolean => phase !== 'closed' && phase !== 'lunch';
