import { openFilesMax } from '@mystocks/edge';
import { goodput } from '../tools/load/figures.ts';
import { mayOpen } from '../tools/load/open-files.ts';
import type { Clause, Run, Scenario } from '../tools/load/scenario.ts';

const USERS = 5_000;
/** From one question of a user to the next. */
const EVERY_MS = 1_000;
const P95_MS = 200;

/**
 * A user with a page open asks about once a second; that is what is promised. The same connections
 * in a closed loop, all of them waiting for an answer at every moment, are measured beside it and promised nothing:
 * 5,000 answers under way within 200 ms would be 25,000 a second (Little's law), which is a question of processors.
 */
export const scenario: Scenario = {
  mix: 'connections',
  about: `hot reads through one gateway with ${USERS.toLocaleString('en')} open connections`,
  system: { maxConnections: 100, fleetBudget: 80, replicas: 0, instances: 1 },
  needsK6: false,
  // 5,000 callers of k6 take 1.3 of two cores for 4,000 requests a second and wait for themselves; this takes 0.4.
  prefers: 'autocannon',
  run: async ({ drive, callers = USERS, seconds = 60 }) => {
    mayOpen(callers);
    const users = await drive(`${callers} users`, { callers, seconds, everyMs: EVERY_MS });
    const loop = await drive('closed loop', { callers, seconds: Math.min(seconds, 20) });
    return [...promises(users, callers), noError(loop), ...areOpen(loop, callers)];
  },
};

function promises(run: Run, callers: number): Clause[] {
  const { accepted, notSent } = run.figures;
  return [
    {
      promise: `${run.what}, each asking every ${EVERY_MS} ms: 95 of 100 answers within ${P95_MS} ms`,
      held: accepted.count > 0 && accepted.p95 < P95_MS && notSent === 0,
      figure: `p50 ${accepted.p50.toFixed(1)}, p95 ${accepted.p95.toFixed(1)}, p99 ${accepted.p99.toFixed(1)} ms at ${Math.round(goodput(run.figures))} a second`,
    },
    noError(run),
    ...areOpen(run, callers),
  ];
}

function noError({ what, figures }: Run): Clause {
  const { statuses } = figures;
  const others = Object.entries(statuses).filter(([status]) => status !== '200');
  return {
    promise: `${what}: every answer is 200`,
    held: figures.useful > 0 && others.length === 0,
    figure: others.map(([status, count]) => `${count} × ${status}`).join(', ') || `${statuses['200'] ?? 0} × 200`,
  };
}

/** Left out where the system does not tell (not Linux). */
function areOpen({ what, observed }: Run, callers: number): Clause[] {
  const { connections } = observed;
  // The first fifth is for opening them, the last for closing.
  const edge = Math.ceil(connections.length / 5);
  const looks = connections.slice(edge, -edge);
  if (looks.length === 0) return [];
  return [
    {
      promise: `${what}: ${callers} connections are open all the time`,
      held: Math.min(...looks) >= callers,
      figure: `${Math.min(...looks)} to ${Math.max(...looks)} in ${looks.length} looks at the gateway's port (ulimit -Hn ${openFilesMax() ?? 'not told'})`,
    },
  ];
}
