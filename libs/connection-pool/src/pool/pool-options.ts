import type { HistogramCell } from '@mystocks/telemetry';
import type { Budget } from './connector.js';

export interface PoolOptions {
  /** The name of the pool in metrics, logs and `/pools`; unique in the process. */
  readonly name: string;
  /** The current role of its server: `primary`, `replica`, `tdengine`. */
  readonly role: () => string;
  /** The address of the server, without credentials. */
  readonly server: string;
  /** Number of connections that are kept when idle. */
  readonly size: number;
  /** Number of connections beyond these; a connection checked in while `size` are idle is closed. */
  readonly overflow: number;
  /** How long a borrower waits at most; its deadline may end the wait earlier. */
  readonly acquireTimeoutMs?: number;
  /** Number of borrowers that may wait; more are refused at once. */
  readonly waitersMax?: number;
  /** Maximum lifetime of a connection. */
  readonly recycleMs?: number;
  /** A connection that is held longer is logged, with its borrower. */
  readonly leakAfterMs?: number;
  /** Also closes such a connection, so that its work is rolled back. */
  readonly reclaimLeaks?: boolean;
  /** Shared by all pools that use the same server. */
  readonly budget?: Budget | undefined;
}

// 30 s is also what QueuePool of SQLAlchemy waits. A queue longer than 10,000 would not be served within any deadline.
const defaults = {
  acquireTimeoutMs: 30_000,
  waitersMax: 10_000,
  recycleMs: 3_600_000,
  leakAfterMs: 30_000,
  reclaimLeaks: false,
  budget: undefined,
};

export type ResolvedOptions = Required<PoolOptions>;

export const withDefaults = (options: PoolOptions): ResolvedOptions => ({ ...defaults, ...options });

/** The state of a pool, measured now. */
export interface PoolStatus {
  readonly name: string;
  readonly role: string;
  readonly server: string;
  readonly size: number;
  readonly overflowMax: number;
  readonly idle: number;
  readonly inUse: number;
  readonly opening: number;
  readonly waiting: number;
  readonly timeouts: number;
  readonly shed: number;
  readonly leaks: number;
  /** How many seconds borrowers waited. */
  readonly wait: HistogramCell;
}
