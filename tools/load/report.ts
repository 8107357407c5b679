import { goodput, requests, type Spread } from './figures.ts';
import type { Clause, Run } from './scenario.ts';

const whole = (value: number): string => Math.round(value).toLocaleString('en');
const ms = ({ p50, p95, p99 }: Spread): string => `p50 ${whole(p50)}  p95 ${whole(p95)}  p99 ${whole(p99)} ms`;

/** A few lines about one run. */
export function describeRun({ what, figures, observed }: Run): string {
  const { accepted, refused, statuses, seconds, kinds, notSent, engine } = figures;
  const byStatus = Object.entries(statuses).map(
    ([status, count]) => `${status === '0' ? 'none' : status} × ${whole(count)}`,
  );
  const lines = [
    what,
    `  requests   ${whole(requests(figures))} in ${seconds.toFixed(0)} s (${byStatus.join(', ')})`,
    `  goodput    ${whole(goodput(figures))} useful answers a second`,
    `  accepted   ${ms(accepted)}`,
    ...(refused.count === 0 ? [] : [`  refused    ${ms(refused)}  (429 or 503)`]),
    ...Object.entries(kinds)
      .filter(([, { count }]) => count > 0)
      .map(([kind, spread]) => `    ${kind.padEnd(22)} ${whole(spread.count).padStart(8)}  ${ms(spread)}`),
    ...(notSent === 0 ? [] : [`  not sent   ${whole(notSent)}: ${engine} itself could not keep up the rate`]),
  ];
  const cached = Object.values(figures.caches).reduce((sum, count) => sum + count, 0);
  if (cached > 0)
    lines.push(
      `  caches     ${Object.entries(figures.caches)
        .map(([state, count]) => `${state} ${((count / cached) * 100).toFixed(2)} %`)
        .join(', ')} of ${whole(cached)} answers by X-Cache`,
    );
  const { onPrimary, onReplicas, poolShed } = observed.counters;
  lines.push(
    `  databases  ${whole(onReplicas)} times on replicas, ${whole(onPrimary)} on the primary; ${whole(poolShed)} borrowers turned away at once`,
  );
  if (observed.engineCores !== undefined)
    lines.push(`  ${engine} itself used ${observed.engineCores.toFixed(2)} processor cores of this machine`);
  return lines.join('\n');
}

export const describeClauses = (clauses: readonly Clause[]): string =>
  clauses
    .map(({ promise, held, figure }) => `${held ? 'kept  ' : 'BROKEN'}  ${promise}\n          ${figure}`)
    .join('\n');
