import { goodput } from './figures.ts';
import type { Clause, Run } from './scenario.ts';

/** What must hold in every run, whatever the scenario. */
export function systemClauses({ what, figures, observed }: Run): Clause[] {
  const { counters, exhausted, peaks, samples } = observed;
  const others = Object.entries(figures.statuses)
    .filter(([status]) => !/^(2\d\d|3\d\d|429|503)$/.test(status))
    .map(([status, count]) => `${count} × ${status === '0' ? 'no answer' : status}`);
  return [
    {
      promise: `${what}: the services' connections stay under the fleet budget at every sample`,
      held: samples > 0 && peaks.every(({ peak, budget }) => peak <= budget),
      figure: `${peaks.map(({ name, peak, budget }) => `${name} at most ${peak} of ${budget}`).join(', ')}; ${samples} samples`,
    },
    {
      promise: `${what}: PostgreSQL refuses no connection ("too many clients")`,
      held: exhausted.length === 0,
      figure: exhausted.join(' | ') || 'no such line in any log',
    },
    {
      promise: `${what}: no borrower waits in vain for a connection`,
      held: counters.poolTimeouts === 0 && counters.poolLeaks === 0,
      figure: `${counters.poolTimeouts} timeouts, ${counters.poolLeaks} leaks`,
    },
    {
      promise: `${what}: every request is served, or refused with 429 or 503 and a Retry-After`,
      held: figures.failed === 0 && figures.refusedWithoutRetryAfter === 0,
      figure: [...others, `${figures.refusedWithoutRetryAfter} × 429 or 503 without Retry-After`].join(', '),
    },
    ...figures.broken.map((threshold) => ({
      promise: `${what}: threshold of the k6 script`,
      held: false,
      figure: threshold,
    })),
  ];
}

/** Useful answers a second, compared with another run. */
export function keepsGoodput(run: Run, peak: Run, share: number): Clause {
  const ratio = goodput(run.figures) / goodput(peak.figures);
  return {
    promise: `${run.what}: at least ${share * 100} % of the useful answers of "${peak.what}"`,
    held: ratio >= share,
    figure: `${(ratio * 100).toFixed(1)} %`,
  };
}
