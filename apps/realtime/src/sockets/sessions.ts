import { Injectable } from '@nestjs/common';
import { Failure } from '@mystocks/contracts';
import { metrics } from '@mystocks/telemetry';
import type { Socket } from 'socket.io';
import type { Session } from './session.js';

export interface SocketCaps {
  readonly socketsMax: number;
  readonly userSocketsMax: number;
}

/** Every authenticated socket of this node, with its caps. */
@Injectable()
export class Sessions {
  readonly #all = new Map<string, Session>();
  readonly #perUser = new Map<string, number>();
  #draining = false;

  constructor(private readonly caps: SocketCaps) {}

  get userSocketsMax(): number {
    return this.caps.userSocketsMax;
  }

  /**
   * May this user open one more socket here?
   * @throws {Failure} `unavailable` when the node is full or going down, `rate_limited` when the user has enough
   */
  admit(userId: string): void {
    if (this.#draining) throw new Failure('unavailable', 'This node is going down; connect again', { retryAfterS: 1 });
    if (this.#all.size >= this.caps.socketsMax) throw new Failure('unavailable', 'This node is full; connect again');
    if ((this.#perUser.get(userId) ?? 0) >= this.caps.userSocketsMax) {
      throw new Failure('rate_limited', `At most ${this.caps.userSocketsMax} sockets a user`);
    }
  }

  add(session: Session): void {
    const { id } = session.caller;
    this.#all.set(session.socket.id, session);
    this.#perUser.set(id, (this.#perUser.get(id) ?? 0) + 1);
    metrics.socketConnections.set(this.#all.size);
  }

  remove(socket: Socket): Session | undefined {
    const session = this.#all.get(socket.id);
    if (session === undefined) return undefined;
    this.#all.delete(socket.id);
    const left = (this.#perUser.get(session.caller.id) ?? 1) - 1;
    if (left > 0) this.#perUser.set(session.caller.id, left);
    else this.#perUser.delete(session.caller.id);
    metrics.socketConnections.set(this.#all.size);
    return session;
  }

  find(socketId: string): Session | undefined {
    return this.#all.get(socketId);
  }

  /** @throws {Failure} `unauthenticated` when the socket has just gone */
  of(socket: Socket): Session {
    const session = this.#all.get(socket.id);
    if (session === undefined) throw new Failure('unauthenticated', 'The socket has gone');
    return session;
  }

  all(): Session[] {
    return [...this.#all.values()];
  }

  /** From now on nobody is let in. */
  drain(): void {
    this.#draining = true;
  }
}
