import { keepsGoodput } from '../tools/load/clauses.ts';
import { goodput } from '../tools/load/figures.ts';
import type { Clause, Scenario } from '../tools/load/scenario.ts';

const CONNECTIONS = '6';
const LATENCY_MS = 50;
// Twice as many callers as connections on both servers together: as much as the pools can give, and little waiting.
const PEAK_CALLERS = 30;
const TIMES = 5;
const KEPT = 0.9;
/** A refusal is worth something only while the caller still has time to do without. */
const REFUSED_WITHIN_MS = 1_000;

/**
 * More than the database can give. It lies behind a slow line, so that the pools are the bottleneck and not the
 * processors, which k6 shares: five times what two busy cores can serve, nobody could send from the same two cores.
 */
export const scenario: Scenario = {
  mix: 'overload',
  about: `reads of a distant database (${LATENCY_MS} ms away), then ${TIMES} times as many as it can serve`,
  system: {
    maxConnections: 100,
    fleetBudget: 80,
    replicas: 1,
    instances: 1,
    database: { PG_POOL_SIZE: CONNECTIONS, PG_POOL_OVERFLOW: '0' },
    databaseLatencyMs: LATENCY_MS,
  },
  needsK6: true,
  run: async ({ drive, callers = PEAK_CALLERS, seconds = 20 }) => {
    const peak = await drive('peak', { callers, seconds });
    const rate = goodput(peak.figures);
    const once = await drive('as much as the peak', { rate, seconds });
    const much = await drive(`${TIMES} times the peak`, { rate: rate * TIMES, seconds });
    const { refused } = much.figures;
    const quick: Clause = {
      promise: `${much.what}: who cannot be served in time hears it within ${REFUSED_WITHIN_MS} ms (95 of 100)`,
      held: refused.count > 0 && refused.p95 <= REFUSED_WITHIN_MS,
      figure: `${refused.count} refused, p95 ${Math.round(refused.p95)} ms`,
    };
    return [keepsGoodput(once, peak, KEPT), keepsGoodput(much, peak, KEPT), quick];
  },
};
