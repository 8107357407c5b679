import { metrics } from '@mystocks/telemetry';
import type { PoolStatus } from './pool-options.js';

interface WithStatus {
  status(): PoolStatus;
}

const open = new Set<WithStatus>();
const each = <T>(toValues: (status: PoolStatus) => readonly T[]): T[] => openPools().flatMap(toValues);

metrics.activeConnections.watch(() => each(({ name, role, inUse }) => [{ labels: [name, role], value: inUse }]));
metrics.poolConnections.watch(() =>
  each(({ name, role, idle, inUse, opening, waiting, size, overflowMax }) =>
    Object.entries({ idle, busy: inUse, opening, waiting, max: size + overflowMax }).map(([state, value]) => ({
      labels: [name, role, state],
      value,
    })),
  ),
);

/** The status, measured now, of every pool of this process that has not ended. */
export function openPools(): PoolStatus[] {
  return [...open].map((pool) => pool.status());
}

/** Includes `pool` in the metrics and in {@link openPools} until the returned function is called. */
export function registerPool(pool: WithStatus): () => void {
  open.add(pool);
  return () => open.delete(pool);
}
