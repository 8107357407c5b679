import { metrics, type CounterCell, type HistogramCell } from '@mystocks/telemetry';

/** Counts the answers of one route and method; label values are templates, never paths. */
export class RouteMeter {
  readonly #latency: HistogramCell;
  readonly #answers = new Map<number, CounterCell>();

  constructor(
    private readonly route: string,
    private readonly method: string,
    private readonly version: string,
  ) {
    this.#latency = metrics.requestLatency.cell(route, method, version);
  }

  record(status: number, durationMs: number): void {
    let answers = this.#answers.get(status);
    if (answers === undefined) {
      answers = metrics.apiRequests.cell(this.route, this.method, String(status), this.version);
      this.#answers.set(status, answers);
    }
    answers.count += 1;
    this.#latency.observe(durationMs / 1_000);
  }
}

const meters = new Map<string, RouteMeter>();
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** The meter of a route template; everything without a route shares one label. */
export function meterOf(method: string, template: string | undefined): RouteMeter {
  const route = template === undefined ? 'unknown' : template.replaceAll(/:([a-z_]+)/g, '{$1}');
  const known = METHODS.has(method) ? method : 'OTHER';
  const key = `${known} ${route}`;
  const meter = meters.get(key) ?? new RouteMeter(route, known, versionOf(route) ?? 'none');
  meters.set(key, meter);
  return meter;
}

/** `v1` or `v2`, from a route or path. */
export function versionOf(path: string): 'v1' | 'v2' | undefined {
  if (path.startsWith('/api/v1/') || path === '/api/v1') return 'v1';
  return path.startsWith('/api/v2/') || path === '/api/v2' ? 'v2' : undefined;
}
