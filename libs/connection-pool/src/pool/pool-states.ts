import type { PoolState, WaitBucket } from '@mystocks/contracts';
import { instanceName } from '@mystocks/kernel';
import { openPools } from './open-pools.js';
import type { PoolStatus } from './pool-options.js';

/** The pools of this process, as the API for operators shows them. */
export const poolStates = (): PoolState[] => openPools().map(toState);

function toState(status: PoolStatus): PoolState {
  const { name, role, server, size, overflowMax, idle, inUse, waiting, timeouts, shed, leaks, wait } = status;
  const buckets = cumulative(wait);
  return {
    ...{ name, role, server, instance: instanceName, waiting, timeouts, shed, leaks },
    pool_size: size,
    checked_in: idle,
    checked_out: inUse,
    overflow: Math.max(0, idle + inUse - size),
    max_overflow: overflowMax,
    usage_percentage: Math.round((inUse / (size + overflowMax)) * 1_000) / 10,
    wait: { count: buckets.at(-1)?.count ?? 0, sum_s: wait.sum, buckets },
  };
}

function cumulative({ bounds, counts }: PoolStatus['wait']): WaitBucket[] {
  let count = 0;
  return Array.from(counts, (one, index) => {
    count += one;
    const le = bounds[index];
    return le === undefined ? { count } : { le_s: le, count };
  });
}
