import { Failure } from '@mystocks/contracts';

const FREE_FAILURES = 20;
/** An address with so many failures has one login in this time. */
export const PACE_MS = 1_000;
/** Addresses whose failures are counted; the one whose latest failure is the oldest is dropped for a new one. */
const ADDRESSES_MAX = 10_000;

interface FailedAddress {
  readonly failures: number;
  /** `performance.now()` from which the next login may begin. */
  readonly nextMs: number;
}

/**
 * Limits addresses from which 20 logins in a row have failed, whatever accounts they were for, to one login a second,
 * until a login from there succeeds. The lockout counts by account, so that a flood against many names never meets it.
 */
export class LoginPace {
  readonly #addresses = new Map<string, FailedAddress>();

  /** How long the next login from `address` has to wait; undefined when the address is not limited. */
  waitMs(address: string): number | undefined {
    const found = this.#addresses.get(address);
    if (found === undefined || found.failures < FREE_FAILURES) return undefined;
    return Math.max(0, found.nextMs - performance.now());
  }

  /** Notes that a login from `address` begins. */
  begin(address: string): void {
    const found = this.#addresses.get(address);
    if (found !== undefined) this.#addresses.set(address, { ...found, nextMs: performance.now() + PACE_MS });
  }

  /** Runs a login from `address` and counts how it ends. Logins of unknown origin are not counted together. */
  async counting<T>(address: string, login: () => Promise<T>): Promise<T> {
    try {
      const value = await login();
      this.#addresses.delete(address);
      return value;
    } catch (error) {
      if (address !== '' && isFailedLogin(error)) this.#addFailure(address);
      throw error;
    }
  }

  #addFailure(address: string): void {
    const found = this.#addresses.get(address) ?? { failures: 0, nextMs: 0 };
    const failures = found.failures + 1;
    // The limit begins with a wait: this login may have begun long ago.
    const nextMs = failures === FREE_FAILURES ? performance.now() + PACE_MS : found.nextMs;
    this.#addresses.delete(address);
    this.#addresses.set(address, { failures, nextMs });
    const [oldest] = this.#addresses.keys();
    if (this.#addresses.size > ADDRESSES_MAX && oldest !== undefined) this.#addresses.delete(oldest);
  }
}

/** A wrong password, or a login that the lockout refused; a fault of the service says nothing about the address. */
const isFailedLogin = (error: unknown): boolean =>
  error instanceof Failure && (error.code === 'unauthenticated' || error.code === 'rate_limited');
