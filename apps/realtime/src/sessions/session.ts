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

/** One authenticated socket and its subscriptions. */
export class Session {
  readonly subscriptions = new Map<string, Subscription>();
  /** Limits messages of any kind. */
  readonly rate: Rate;
  /** Limits requested channels. */
  readonly channelRate: Rate;
  /** Address of the client, or of the proxy in front. */
  readonly address: string;
  /** Counts messages that were refused because they came too fast: above this rate the socket is closed. */
  readonly refusals: Rate;
  expiryAnnounced = false;
  /** Since when the client has read less than it was sent; undefined while it keeps up. A slow socket has left its rooms. */
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

  /** The user's own access token, which every call for this socket carries. */
  get token(): string {
    return this.#token;
  }

  renew(caller: Caller, token: string): void {
    this.#caller = caller;
    this.#token = token;
    this.expiryAnnounced = false;
  }

  /** Packets that wait in this process to be sent to the socket. */
  get queued(): number {
    const { writeBuffer } = this.socket.conn as unknown as { readonly writeBuffer: readonly unknown[] };
    return writeBuffer.length;
  }
}
