/**
 * Milliseconds one hop may spend: its own timeout, or what the caller's deadline leaves.
 * A margin of 10 ms is kept for the way back. Never negative.
 */
export function remainingMs(timeoutMs: number, deadlineMs: number | undefined, nowMs: number): number {
  if (deadlineMs === undefined) return timeoutMs;
  return Math.max(0, Math.min(timeoutMs, deadlineMs - nowMs - 10));
}
