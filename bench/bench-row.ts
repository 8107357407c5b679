/** One measured ratio of a benchmark. */
export interface BenchRow {
  readonly name: string;
  /** What we are measured against, in the same run. */
  readonly peer: string;
  readonly ours: number;
  readonly theirs: number;
  /** How many times better we are. */
  readonly ratio: number;
  readonly unit: string;
  /** The ratio we promise. */
  readonly target: number;
  readonly note?: string;
}
