/** Stamps of one symbol that lie near each other. Times are epoch ms. */
export interface Run {
  readonly symbol: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** One question for what stands: these symbols between these times. */
export interface StandingQuestion {
  readonly symbols: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
}

const DAY_MS = 86_400_000;
/** Stamps farther apart are asked for apart: what lies between them is of no interest. */
const GAP_MS = 15 * DAY_MS;
const ROWS_MAX = 50_000;
const SYMBOLS_MAX = 500;

/** The runs of a symbol's stamps, which are in the order of time. */
export function runsOf(symbol: string, stamps: readonly number[], rowsPerDay: number): Run[] {
  const longestMs = (ROWS_MAX / rowsPerDay) * DAY_MS;
  const runs: Run[] = [];
  let fromMs: number | undefined;
  stamps.forEach((stamp, at) => {
    const next = stamps[at + 1];
    fromMs ??= stamp;
    if (next !== undefined && next - stamp <= GAP_MS && next - fromMs <= longestMs) return;
    runs.push({ symbol, fromMs, toMs: stamp });
    fromMs = undefined;
  });
  return runs;
}

/** Few questions that cover all runs and are each answered with a bounded number of rows. */
export function standingQuestions(runs: readonly Run[], rowsPerDay: number): StandingQuestion[] {
  const questions: StandingQuestion[] = [];
  let open: { symbols: Set<string>; fromMs: number; toMs: number } | undefined;
  for (const run of runs.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const toMs = Math.max(open?.toMs ?? run.toMs, run.toMs);
    const fromMs = open?.fromMs ?? run.fromMs;
    const symbols = new Set(open?.symbols).add(run.symbol);
    const rows = symbols.size * rowsPerDay * (1 + (toMs - fromMs) / DAY_MS);
    if (open !== undefined && (rows > ROWS_MAX || symbols.size > SYMBOLS_MAX)) {
      questions.push({ ...open, symbols: [...open.symbols] });
      open = { symbols: new Set([run.symbol]), fromMs: run.fromMs, toMs: run.toMs };
    } else open = { symbols, fromMs, toMs };
  }
  if (open !== undefined) questions.push({ ...open, symbols: [...open.symbols] });
  return questions;
}
