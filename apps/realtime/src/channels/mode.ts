const CONFLATE = /^conflate:([0-9]{2,5})$/;
const STEP_MS = 50;
const LONGEST_MS = 10_000;

/** How a subscriber wants its values: each one, or the latest of every `everyMs`. */
export interface Mode {
  /** 0 = live. */
  readonly everyMs: number;
}

/** What {@link parseMode} takes, for error messages. */
export const modeRule = `live, or conflate:N with N from ${STEP_MS} to ${LONGEST_MS} ms`;

/** Reads `live` or `conflate:N`. N is rounded up to a multiple of 50, which bounds the number of timers to 200. */
export function parseMode(text: string | undefined): Mode | undefined {
  if (text === undefined || text === 'live') return { everyMs: 0 };
  const everyMs = Number(CONFLATE.exec(text)?.[1] ?? 0);
  if (everyMs < STEP_MS || everyMs > LONGEST_MS) return undefined;
  return { everyMs: Math.ceil(everyMs / STEP_MS) * STEP_MS };
}

/** Room of a channel's subscribers with the same mode; derived here, never named by a client. */
export const roomOf = (channel: string, mode: Mode): string =>
  mode.everyMs === 0 ? `ch:${channel}` : `ch:${channel}|${mode.everyMs}`;
