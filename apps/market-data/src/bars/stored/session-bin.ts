/** Minutes since midnight: one bin of a trading day, without its start and with its end. */
export interface SessionBin {
  readonly after: number;
  readonly end: number;
}

const MORNING = { open: 570, close: 690 } as const;
const AFTERNOON = { open: 780, close: 900 } as const;
const SESSION_MINUTES = 120;

/**
 * The bin of `frame` minutes a bar stamp falls into. Stamps are bar ends. The opening auction joins the first bin of the
 * morning, what is stamped in lunch the first of the afternoon, what comes after the close the last.
 */
export function sessionBin(minuteOfDay: number, frame: number): SessionBin {
  const session = minuteOfDay <= MORNING.close ? MORNING : AFTERNOON;
  const minute = Math.min(Math.max(minuteOfDay - session.open, 1), SESSION_MINUTES);
  const last = Math.ceil(minute / frame) * frame;
  const first = last === frame;
  const before = session === MORNING ? -1 : MORNING.close;
  return { after: first ? before : session.open + last - frame, end: session.open + last };
}
