import { Injectable } from '@nestjs/common';
import { Failure } from '@mystocks/contracts';
import { metrics } from '@mystocks/telemetry';
import { addressGroup, isPublic } from '@mystocks/edge';
import { KeyedRates } from './keyed-rates.js';
import { userLimit } from './limits.js';
import type { Rate } from './rate.js';
import type { Session } from './session.js';

/** Users and addresses whose buckets are held at a time. */
const KEYS_MAX = 100_000;

/** Channels a second of a public address, where nothing else is configured. */
const ADDRESS_PER_SECOND = 1_000;
/** An address may ask at once for what it may ask for in so many seconds. */
const ADDRESS_BURST_S = 20;

export interface ChannelCaps {
  readonly userSocketsMax: number;
  /** Undefined: 1,000 of a public address, and no limit for others, because a proxy there stands for many clients. */
  readonly addressChannelsPerS: number | undefined;
}

/**
 * What subscribers may ask for, counted in channels and not in messages, because each channel costs a look-up and a snapshot.
 * A request needs room in three token buckets: that of its socket, of its user and of its address. The buckets of users and
 * addresses outlive their sockets, so that connecting again fills none of them.
 */
@Injectable()
export class ChannelBudgets {
  readonly #users: KeyedRates;
  readonly #addresses: KeyedRates;
  readonly #limitsEveryAddress: boolean;

  constructor({ userSocketsMax, addressChannelsPerS }: ChannelCaps) {
    this.#users = new KeyedRates(userLimit(userSocketsMax), KEYS_MAX);
    const perSecond = addressChannelsPerS ?? ADDRESS_PER_SECOND;
    this.#addresses = new KeyedRates({ perSecond, burst: ADDRESS_BURST_S * perSecond }, KEYS_MAX);
    this.#limitsEveryAddress = addressChannelsPerS !== undefined;
  }

  /**
   * Takes `count` channels from the budgets of a session, or nothing.
   * @throws {Failure} `rate_limited` with the seconds after which the same request finds room
   */
  take(session: Session, count: number): void {
    const nowMs = Date.now();
    const rates: Record<string, Rate> = {
      socket: session.channelRate,
      user: this.#users.of(session.caller.id, nowMs),
    };
    if (this.#limitsEveryAddress || isPublic(session.address)) {
      rates['address'] = this.#addresses.of(addressGroup(session.address), nowMs);
    }
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
