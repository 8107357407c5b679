import type { Scenario } from '../tools/load/scenario.ts';

/** More callers than there will ever be connections. */
export const scenario: Scenario = {
  mix: 'pools',
  about: '1,000 callers at once through all services, two copies of market-data, max_connections = 100',
  system: { maxConnections: 100, fleetBudget: 80, replicas: 1, instances: 2 },
  needsK6: false,
  run: async ({ drive, callers = 1_000, seconds = 60 }) => {
    await drive('pools', { callers, seconds });
    return [];
  },
};
