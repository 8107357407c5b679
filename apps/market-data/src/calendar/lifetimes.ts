import { chinaDay, isProvisional, nextActivity, nextPhaseChange, phaseAt } from '@mystocks/calendar';
import type { Answer } from '@mystocks/contracts';
import { isOpenPhase } from './market-phase.js';

/**
 * How long caches may keep what this service answers.
 *
 * | answer | the market moves | lunch, closed | a provisional day, or before one |
 * |---|---|---|---|
 * | quotes, snapshots | 3 s | until 13:00, or 09:15 of the next trading day | 1 s |
 * | the same without an unknown symbol | 3 s | 30 s | 1 s |
 * | bars without a symbol that is named in `meta.errors` | 30 s | 30 s | 30 s |
 * | bars that may still change | 30 min, and 10 s marked stale while they are asked for again | the same | 60 s |
 * | closed history | a year, `immutable` | a year, `immutable` | a year, `immutable` |
 * | instruments | 1 h | 1 h | 1 h |
 * | trading days | 60 s | 60 s | 60 s |
 * | the clock | never | never | never |
 *
 * Correctness does not depend on these times: every write is published as an event, which invalidates all answers that show
 * the old state, closed history too. They bound what time alone changes. An answer ends where the phase changes, because it says the phase
 * (snapshots) or a label that follows from it; where prices are called `live`, it ends before they are no longer.
 */
export type Lifetime = Pick<Answer, 'ttl_ms' | 'swr_ms' | 'immutable'>;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const quotes = { movingMs: 3_000, provisionalMs: 1_000 } as const;
const bars = { movingMs: 30 * MINUTE_MS, provisionalMs: MINUTE_MS, revalidateMs: 10_000 } as const;

const LACKING_MS = 30_000;

/** Only a correction changes it. */
export const closedHistoryLifetime: Lifetime = { ttl_ms: 366 * DAY_MS, immutable: true };

/** A change is published as an event, which invalidates them. */
export const instrumentsLifetime: Lifetime = { ttl_ms: HOUR_MS };

/** A change of the calendar invalidates them; an instance that missed its event answers the old ones a little longer. */
export const tradingDaysLifetime: Lifetime = { ttl_ms: MINUTE_MS };

/** Each answer is different. */
export const clockLifetime: Lifetime = { ttl_ms: 0 };

/**
 * Of quotes and snapshots; `liveUntilMs` is the last instant of their label `live`, if they have it. Those that lack a
 * symbol because it is unknown end soon: the list of instruments that said so may be as old as that.
 */
export function quotesLifetime(nowMs: number, liveUntilMs = Infinity, isLacking = false): Lifetime {
  const { ms } = timeLeft(nowMs, liveUntilMs, quotes);
  return { ttl_ms: isLacking ? Math.min(ms, LACKING_MS) : ms };
}

/** Of bars that more than a correction may change; `liveUntilMs` and `isLacking` as for quotes. */
export function barsLifetime(nowMs: number, liveUntilMs = Infinity, isLacking = false): Lifetime {
  const { ms, isResting } = timeLeft(nowMs, liveUntilMs, bars);
  if (isLacking) return { ttl_ms: Math.min(ms, LACKING_MS) };
  return isResting ? { ttl_ms: ms } : { ttl_ms: ms, swr_ms: bars.revalidateMs };
}

function timeLeft(
  nowMs: number,
  liveUntilMs: number,
  { movingMs, provisionalMs }: { readonly movingMs: number; readonly provisionalMs: number },
): { readonly ms: number; readonly isResting: boolean } {
  const isMoving = isOpenPhase(phaseAt(nowMs));
  const activityMs = nextActivity(nowMs);
  // Beyond the end of the calendar it is not certain whether the market moves, nor until when it rests.
  const isUncertain = isProvisional(chinaDay(isMoving ? nowMs : activityMs));
  if (!isMoving && !isUncertain) return { ms: Math.min(activityMs, liveUntilMs) - nowMs, isResting: true };
  const ms = isUncertain ? provisionalMs : movingMs;
  return { ms: Math.min(nowMs + ms, nextPhaseChange(nowMs), liveUntilMs) - nowMs, isResting: false };
}
