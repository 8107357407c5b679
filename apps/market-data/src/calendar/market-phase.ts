import type { Phase } from '@mystocks/calendar';

/** True while quotes may move: from the opening auction to the close, without lunch. */
export const isOpenPhase = (phase: Phase): boolean => phase !== 'closed' && phase !== 'lunch';
