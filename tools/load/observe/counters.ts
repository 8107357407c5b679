import type { LoadedSystem } from '../loaded-system.ts';

/** Counters of the system, summed over its services. */
export interface Counters {
  /** Answers of the gateway, of any status. */
  readonly answers: number;
  /** Answers of the gateway that were 429 or 503. */
  readonly refused: number;
  /** Answers of the gateway that were another 5xx. */
  readonly failed: number;
  readonly poolTimeouts: number;
  /** Borrowers that were refused at once because the wait would be too long. */
  readonly poolShed: number;
  readonly poolLeaks: number;
  /** Database work by where it ran. */
  readonly onReplicas: number;
  readonly onPrimary: number;
}

const patterns = {
  answers: /^api_requests_total\{.*\} (\S+)$/gm,
  refused: /^api_requests_total\{.*status="(?:429|503)".*\} (\S+)$/gm,
  failed: /^api_requests_total\{.*status="50[0124]".*\} (\S+)$/gm,
  poolTimeouts: /^pool_timeouts_total(?:\{.*\})? (\S+)$/gm,
  poolShed: /^pool_shed_total(?:\{.*\})? (\S+)$/gm,
  poolLeaks: /^pool_leaks_total(?:\{.*\})? (\S+)$/gm,
  onReplicas: /^db_route_total\{target="replica".*\} (\S+)$/gm,
  onPrimary: /^db_route_total\{target="primary".*\} (\S+)$/gm,
} satisfies Record<keyof Counters, RegExp>;

// Under load the management port answers late, but it must answer.
const PATIENCE_MS = 10_000;

const each = (value: (name: keyof Counters) => number): Counters => ({
  answers: value('answers'),
  refused: value('refused'),
  failed: value('failed'),
  poolTimeouts: value('poolTimeouts'),
  poolShed: value('poolShed'),
  poolLeaks: value('poolLeaks'),
  onReplicas: value('onReplicas'),
  onPrimary: value('onPrimary'),
});

/** Scrapes every service's `/metrics`. */
export async function readCounters({ services }: LoadedSystem): Promise<Counters> {
  const pages = await Promise.all(
    services.map(async ({ service }) => {
      const response = await fetch(`${service.managementUrl}/metrics`, { signal: AbortSignal.timeout(PATIENCE_MS) });
      return response.text();
    }),
  );
  const text = pages.join('\n');
  return each((name) => [...text.matchAll(patterns[name])].reduce((total, [, value]) => total + Number(value), 0));
}

export const growth = (before: Counters, after: Counters): Counters => each((name) => after[name] - before[name]);
