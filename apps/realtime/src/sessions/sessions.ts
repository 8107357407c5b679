import { Injectable } from '@nestjs/common';
import { Failure } from '@mystocks/contracts';
import { metrics } from '@mystocks/telemetry';
import type { Socket } from 'socket.io';
import type { Session } from './session.js';

export interface SocketLimits {
  readonly socketsMax: number;
  readonly userSocketsMax: number;
}

/** Every authenticated socket of this instance, and their limits. */
@Injectable()
export class Sessions {
  readonly #all = new Map<string, Session>();
  readonly #countByUser = new Map<string, number>();
  #isDraining = false;

  constructor(private readonly limits: SocketLimits) {}

  get userSocketsMax(): number {
    return this.limits.userSocketsMax;
  }

  /**
   * Checks that this user may open one more socket here.
   * @throws {Failure} `unavailable` when the instance is full or shuts down, `rate_limited` when the user has too many
   */
  admit(userId: string): void {
    if (this.#isDraining)
      throw new Failure('unavailable', 'This instance is shutting down; connect again', { retryAfterS: 1 });
    if (this.#all.size >= this.limits.socketsMax)
      throw new Failure('unavailable', 'This instance has no room for more sockets; connect again');
    if ((this.#countByUser.get(userId) ?? 0) >= this.limits.userSocketsMax) {
      throw new Failure('rate_limited', `At most ${this.limits.userSocketsMax} sockets a user`);
    }
  }

  add(session: Session): void {
    const { id } = session.caller;
    this.#all.set(session.socket.id, session);
    this.#countByUser.set(id, (this.#countByUser.get(id) ?? 0) + 1);
    metrics.socketConnections.set(this.#all.size);
  }

  remove(socket: Socket): Session | undefined {
    const session = this.#all.get(socket.id);
    if (session === undefined) return undefined;
    this.#all.delete(socket.id);
    const left = (this.#countByUser.get(session.caller.id) ?? 1) - 1;
    if (left > 0) this.#countByUser.set(session.caller.id, left);
    else this.#countByUser.delete(session.caller.id);
    metrics.socketConnections.set(this.#all.size);
    return session;
  }

  find(socketId: string): Session | undefined {
    return this.#all.get(socketId);
  }

  /** @throws {Failure} `unauthenticated` when the socket has just disconnected */
  of(socket: Socket): Session {
    const session = this.#all.get(socket.id);
    if (session === undefined) throw new Failure('unauthenticated', 'The socket has disconnected');
    return session;
  }

  all(): Session[] {
    return [...this.#all.values()];
  }

  /** Admits no socket from now on. */
  drain(): void {
    this.#isDraining = true;
  }
}
