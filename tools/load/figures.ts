/** Milliseconds. */
export interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** What an engine measured; `load/k6.js` writes this form too. */
export interface Figures {
  readonly engine: 'k6' | 'autocannon';
  /** How long the load was on. */
  readonly seconds: number;
  /** Accepted answers that came in that time. */
  readonly useful: number;
  /** Answers by status; `0` is a request without an answer. */
  readonly statuses: Readonly<Record<string, number>>;
  /** 2xx and 3xx. */
  readonly accepted: Spread;
  /** 429 and 503. */
  readonly refused: Spread;
  readonly refusedWithoutRetryAfter: number;
  /** Everything else. */
  readonly failed: number;
  /** Requests of an open loop that the engine itself did not manage to send. */
  readonly notSent: number;
  readonly kinds: Readonly<Record<string, Spread>>;
  /** Accepted answers by their `X-Cache`; those without one are not in it. */
  readonly caches: Readonly<Record<string, number>>;
  /** Thresholds of the k6 script that did not hold. */
  readonly broken: readonly string[];
}

/** Useful answers a second. */
export const goodput = ({ useful, seconds }: Figures): number => useful / seconds;

export const requests = ({ statuses }: Figures): number =>
  Object.values(statuses).reduce((sum, count) => sum + count, 0);

/** Sorts and reads off; an empty list is all zeros. */
export function spreadOf(durationsMs: readonly number[]): Spread {
  const sorted = durationsMs.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
