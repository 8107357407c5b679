import type { Bus } from '@mystocks/bus';
import { Failure, issueServiceToken } from '@mystocks/contracts';
import type { Caller } from '@mystocks/identity';
import { SingleFlight, type Clock } from '@mystocks/kernel';
import type { Secret } from '@mystocks/config';
import { newContext, withContext } from '@mystocks/telemetry';

/** A token is renewed so long before it ends: what is asked with it must reach its owner in time. */
const SPARE_MS = 60_000;

interface Held {
  readonly token: string;
  readonly expiresAtMs: number;
}

/**
 * This service as a caller of others, for what it does for no user: with a token of its own from the auth service,
 * asked for when it is needed and renewed before it ends.
 */
export class ServiceAccess {
  readonly #flights = new SingleFlight<Held>();
  #held: Held | undefined;
  #isRefused = false;

  constructor(
    private readonly bus: Pick<Bus, 'call'>,
    private readonly secret: Secret | undefined,
    private readonly clock: Clock,
  ) {}

  /** Why there is no token to be had, as far as is known. */
  get refusal(): string | undefined {
    if (this.secret === undefined) return 'CACHE_CLIENT_SECRET is not set';
    return this.#isRefused ? 'The auth service refuses CACHE_CLIENT_SECRET' : undefined;
  }

  /**
   * Runs `work`; what it asks other services, it asks as this service.
   * @throws {Failure} `unauthenticated` when the auth service refuses, `unavailable` when it cannot be asked
   */
  async run<T>(work: (caller: Caller) => Promise<T>): Promise<T> {
    const { token, expiresAtMs } = await this.#token();
    const caller: Caller = { id: 'service:cache', username: 'service:cache', roles: ['guest'], expiresAtMs };
    return withContext({ ...newContext(), token }, () => work(caller));
  }

  #token(): Promise<Held> | Held {
    if (this.#held !== undefined && this.#held.expiresAtMs - SPARE_MS > this.clock.now()) return this.#held;
    return this.#flights.run('token', () => this.#renew());
  }

  async #renew(): Promise<Held> {
    if (this.secret === undefined) throw new Failure('unauthenticated', 'CACHE_CLIENT_SECRET is not set');
    const askedAtMs = this.clock.now();
    const request = { client_id: 'cache', client_secret: this.secret.reveal() };
    try {
      const { access_token: token, expires_in: seconds } = await this.bus.call(issueServiceToken, request);
      this.#isRefused = false;
      return (this.#held = { token, expiresAtMs: askedAtMs + seconds * 1_000 });
    } catch (error) {
      this.#isRefused = error instanceof Failure && error.code === 'unauthenticated';
      throw error;
    }
  }
}
