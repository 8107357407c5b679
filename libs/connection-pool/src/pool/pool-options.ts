import type { HistogramCell } from '@mystocks/telemetry';
import type { Budget } from './connector.js';

export interface PoolOptions {
  /** Names the pool in metrics, logs and `/pools`; one of its kind in the process. */
  readonly name: string;
  /** What its server is now: `primary`, `replica`, `tdengine`. */
  readonly role: () => string;
  /** Where the connections lead, without credentials. */
  readonly server: string;
  /** Connections that are kept. */
  readonly size: number;
  /** Connections beyond them; one that comes back while `size` lie idle is closed. */
  readonly overflow: number;
  /** How long a borrower waits at most; its deadline may come earlier. */
  readonly acquireTimeoutMs?: number;
  /** Borrowers that may wait; more are refused at once. */
  readonly waitersMax?: number;
  /** Longest life of a connection. */
  readonly recycleMs?: number;
  /** A connection held longer is told in the log, with its borrower. */
  readonly leakAfterMs?: number;
  /** Takes such a connection back: it is closed, its work undone. */
  readonly reclaimLeaks?: boolean;
  /** Shared with everyone who uses the same server. */
  readonly budget?: Budget | undefined;
}

// 30 s is also what SQLAlchemy's QueuePool waits. A queue longer than 10,000 would not be served within any deadline.
const defaults = {
  acquireTimeoutMs: 30_000,
  waitersMax: 10_000,
  recycleMs: 3_600_000,
  leakAfterMs: 30_000,
  reclaimLeaks: false,
  budget: undefined,
};

export type Settled = Required<PoolOptions>;

export const settle = (options: PoolOptions): Settled => ({ ...defaults, ...options });

/** A pool, measured now. */
export interface PoolStatus {
  readonly name: string;
  readonly role: string;
  readonly server: string;
  readonly size: number;
  readonly overflowMax: number;
  readonly idle: number;
  readonly lent: number;
  readonly opening: number;
  readonly waiting: number;
  readonly timeouts: number;
  readonly shed: number;
  readonly leaks: number;
  /** Seconds borrowers waited. */
  readonly wait: HistogramCell;
}
