import { metrics } from '@mystocks/telemetry';
import type { PoolStatus } from './pool-options.js';

interface Measured {
  status(): PoolStatus;
}

const open = new Set<Measured>();
const each = <T>(tell: (status: PoolStatus) => readonly T[]): T[] => openPools().flatMap(tell);

metrics.activeConnections.watch(() => each(({ name, role, lent }) => [{ labels: [name, role], value: lent }]));
metrics.poolConnections.watch(() =>
  each(({ name, role, idle, lent, opening, waiting, size, overflowMax }) =>
    Object.entries({ idle, busy: lent, opening, waiting, max: size + overflowMax }).map(([state, value]) => ({
      labels: [name, role, state],
      value,
    })),
  ),
);

/** Every pool of this process that has not ended, measured now. */
export function openPools(): PoolStatus[] {
  return [...open].map((pool) => pool.status());
}

/** Shows `pool` in metrics and {@link openPools} until the answer is called. */
export function enlist(pool: Measured): () => void {
  open.add(pool);
  return () => open.delete(pool);
}
