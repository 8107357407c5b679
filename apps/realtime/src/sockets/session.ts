import type { Caller } from '@mystocks/identity';
import type { Socket } from 'socket.io';
import type { Channel } from '../channels/channel.js';
import type { Mode } from '../channels/mode.js';
import { limits, REFUSALS_MAX } from './limits.js';
import { Rate } from './rate.js';

export interface Subscription {
  readonly channel: Channel;
  readonly mode: Mode;
}

/** One authenticated socket and what it listens to. */
export class Session {
  readonly subscriptions = new Map<string, Subscription>();
  /** Messages of any kind. */
  readonly rate: Rate;
  /** Channels that are asked for. */
  readonly channelRate: Rate;
  /** Address of the client, or of the proxy in front. */
  readonly address: string;
  /** Messages refused because they came too fast: beyond this rate the socket is closed. */
  readonly refusals: Rate;
  expiryTold = false;
  /** Since when it has been taking in less than it was sent; its rooms are left meanwhile. */
  slowSinceMs: number | undefined;
  #caller: Caller;
  #token: string;

  constructor(
    readonly socket: Socket,
    identity: { readonly caller: Caller; readonly token: string },
    nowMs: number,
  ) {
    this.#caller = identity.caller;
    this.#token = identity.token;
    this.rate = new Rate({ perSecond: limits.messages_per_second, burst: limits.messages_burst }, nowMs);
    this.refusals = new Rate({ perSecond: 1, burst: REFUSALS_MAX }, nowMs);
    this.channelRate = new Rate({ perSecond: limits.channels_per_second, burst: limits.channels_burst }, nowMs);
    this.address = socket.handshake.address;
  }

  get caller(): Caller {
    return this.#caller;
  }

  /** The user's own access token: every call made for this socket carries it. */
  get token(): string {
    return this.#token;
  }

  renew(caller: Caller, token: string): void {
    this.#caller = caller;
    this.#token = token;
    this.expiryTold = false;
  }

  /** Packets this process still holds for the socket. */
  get queued(): number {
    return this.socket.conn['writeBuffer'].length;
  }
}
