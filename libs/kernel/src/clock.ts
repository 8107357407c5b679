/** The one source of wall-clock time. Nest injects it by this class; tests give their own. */
export abstract class Clock {
  /** Milliseconds since the Unix epoch. */
  abstract now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };
