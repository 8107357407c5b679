import { withTimeLimit } from '@mystocks/kernel';

/** One thing a service cannot work without. `probe` fails when it is not usable now. */
export interface Check {
  /** Shown in `/health/ready`: `nats`, `postgres`, `redis`. */
  readonly name: string;
  readonly probe: () => Promise<void>;
  /** What an operator should see beside it while it is up. */
  readonly detail?: () => Readonly<Record<string, string | number>>;
}

export interface CheckResult {
  readonly name: string;
  readonly up: boolean;
  /** Why it is down, for the operator; the management port is not public. */
  readonly reason?: string;
  readonly detail?: Readonly<Record<string, string | number>>;
}

/** A dependency that does not answer within this is down. */
const PROBE_TIMEOUT_MS = 1_000;
/** However often the probes come, a dependency is asked once in this time. */
const REMEMBER_MS = 500;

/**
 * Whether a service can work now. Results are remembered for half a second; `startup` is true once everything was up;
 * after {@link drain} it is not ready, whatever its dependencies say.
 */
export class Readiness {
  #draining = false;
  #started = false;
  #last: { readonly atMs: number; readonly results: Promise<readonly CheckResult[]> } | undefined;

  constructor(
    private readonly checks: readonly Check[],
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  get draining(): boolean {
    return this.#draining;
  }

  get started(): boolean {
    return this.#started;
  }

  /** From now on not ready: the service is shutting down. */
  drain(): void {
    this.#draining = true;
  }

  async results(): Promise<readonly CheckResult[]> {
    const nowMs = this.nowMs();
    if (this.#last === undefined || nowMs - this.#last.atMs > REMEMBER_MS) {
      this.#last = { atMs: nowMs, results: Promise.all(this.checks.map(run)) };
    }
    const results = await this.#last.results;
    if (results.every(({ up }) => up)) this.#started = true;
    return results;
  }
}

async function run(check: Check): Promise<CheckResult> {
  try {
    await withTimeLimit(PROBE_TIMEOUT_MS, check.probe());
    return { name: check.name, up: true, ...(check.detail === undefined ? {} : { detail: check.detail() }) };
  } catch (error) {
    return { name: check.name, up: false, reason: error instanceof Error ? error.message : String(error) };
  }
}
