import { Injectable } from '@nestjs/common';
import { Failure } from '@mystocks/contracts';
import { metrics } from '@mystocks/telemetry';
import { KeyedRates } from './keyed-rates.js';
import { limits } from './limits.js';
import type { RateLimit } from './rate.js';
import type { Session } from './session.js';

/** Users and addresses whose buckets are held at a time. */
const KEYS_MAX = 100_000;

/**
 * What subscribers may ask for, counted in channels and not in messages, because each channel costs a look-up and a snapshot.
 * A request needs room in three token buckets: that of its socket, of its user and of its address. The buckets of users and
 * addresses outlive their sockets, so that connecting again fills none of them.
 */
@Injectable()
export class ChannelBudgets {
  readonly #users = new KeyedRates(
    { perSecond: limits.user_channels_per_second, burst: limits.user_channels_burst },
    KEYS_MAX,
  );
  readonly #addresses: KeyedRates;

  constructor(address: RateLimit) {
    this.#addresses = new KeyedRates(address, KEYS_MAX);
  }

  /**
   * Takes `count` channels from the budgets of a session, or nothing.
   * @throws {Failure} `rate_limited` with the seconds after which the same request finds room
   */
  take(session: Session, count: number): void {
    const nowMs = Date.now();
    const rates = {
      socket: session.channelRate,
      user: this.#users.of(session.caller.id, nowMs),
      address: this.#addresses.of(session.address, nowMs),
    };
    for (const [whose, rate] of Object.entries(rates)) {
      const waitMs = rate.waitMs(nowMs, count);
      if (waitMs === 0) continue;
      metrics.socketRefused.inc({ reason: `channels_${whose}` });
      const retryAfterS = Math.max(1, Math.ceil(waitMs / 1_000));
      const text = `This ${whose} asked for too many channels; ask for these ${count} again in ${retryAfterS} s`;
      throw new Failure('rate_limited', text, { retryAfterS });
    }
    for (const rate of Object.values(rates)) rate.take(nowMs, count);
  }
}
