import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Failure } from '@mystocks/contracts';
import { metrics, requestIdFrom } from '@mystocks/telemetry';
import { setTimeout as delay } from 'node:timers/promises';
import { chunked } from '@mystocks/kernel';
import { roomOf } from '../channels/mode.js';
import { ChannelKindsService } from '../kinds/channel-kinds.service.js';
import { EXPIRY_NOTICE_MS, QUEUE_CAUGHT_UP, QUEUE_SLOW, SLOW_MAX_MS } from '../sessions/limits.js';
import type { Session } from '../sessions/session.js';
import { Sessions } from '../sessions/sessions.js';
import { toSocketError } from '../failures/socket-error.js';
import { SubscriptionsService } from './subscriptions.service.js';

const CHECK_EVERY_MS = 500;
/** Sockets closed together at shutdown, and the pause after them: clients come back spread out. */
const WAVE_SOCKETS = 500;
const WAVE_PAUSE_MS = 50;
const WAVES_MAX_MS = 5_000;

/** Checks all sockets twice a second, with one timer instead of one for each socket: expired tokens and slow clients. */
@Injectable()
export class SessionMaintenanceService implements OnModuleInit, BeforeApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  /** Newest offset of each channel a paused socket had when it was paused. */
  readonly #pausedAt = new WeakMap<Session, ReadonlyMap<string, number>>();

  constructor(
    private readonly sessions: Sessions,
    private readonly subscriptions: SubscriptionsService,
    private readonly kinds: ChannelKindsService,
  ) {}

  onModuleInit(): void {
    this.#timer = setInterval(() => {
      const nowMs = Date.now();
      for (const session of this.sessions.all()) {
        if (!this.#closeExpired(session, nowMs)) this.#checkSpeed(session, nowMs);
      }
    }, CHECK_EVERY_MS).unref();
  }

  /** Sends every client an event that this instance shuts down, then closes the connections in waves; clients reconnect. */
  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    this.sessions.drain();
    const all = this.sessions.all();
    for (const { socket } of all) {
      socket.emit('server.draining', { retry_after_ms: Math.floor(Math.random() * WAVES_MAX_MS) });
    }
    const size = Math.max(WAVE_SOCKETS, Math.ceil((all.length * WAVE_PAUSE_MS) / WAVES_MAX_MS));
    for (const wave of chunked(all, size)) {
      await delay(WAVE_PAUSE_MS);
      for (const { socket } of wave) socket.conn.close();
    }
  }

  /** Closes a socket whose token has expired, after a warning a minute before. Answers whether it was closed. */
  #closeExpired({ caller, expiryAnnounced, socket }: Session, nowMs: number): boolean {
    const leftMs = caller.expiresAtMs - nowMs;
    if (leftMs <= 0) {
      const failure = new Failure('unauthenticated', 'The access token has expired', { problem: 'TOKEN_EXPIRED' });
      socket.emit('error', toSocketError(failure, requestIdFrom(undefined)));
      socket.disconnect(true);
      return true;
    }
    if (leftMs <= EXPIRY_NOTICE_MS && !expiryAnnounced) {
      socket.emit('auth.expiring', { in_ms: leftMs });
      const session = this.sessions.find(socket.id);
      if (session !== undefined) session.expiryAnnounced = true;
    }
    return false;
  }

  /** Pauses a socket whose client reads too slowly; once it has caught up it is sent the latest values, else it is closed. */
  #checkSpeed(session: Session, nowMs: number): void {
    const { queued, slowSinceMs, socket } = session;
    if (slowSinceMs === undefined) {
      if (queued > QUEUE_SLOW) this.#pause(session, nowMs);
      return;
    }
    if (queued <= QUEUE_CAUGHT_UP) void this.#resume(session);
    else if (nowMs - slowSinceMs > SLOW_MAX_MS) {
      metrics.socketGaps.inc({ reason: 'slow_closed' });
      socket.conn.close(true);
    }
  }

  #pause(session: Session, nowMs: number): void {
    session.slowSinceMs = nowMs;
    const offsets = new Map<string, number>();
    for (const { channel, mode } of session.subscriptions.values()) {
      offsets.set(channel.name, this.kinds.of(channel).position(channel) ?? 0);
      void session.socket.leave(roomOf(channel.name, mode));
    }
    this.#pausedAt.set(session, offsets);
  }

  async #resume(session: Session): Promise<void> {
    session.slowSinceMs = undefined;
    const channels = [...session.subscriptions.values()].map(({ channel, mode }) => {
      void session.socket.join(roomOf(channel.name, mode));
      return channel;
    });
    const before = this.#pausedAt.get(session) ?? new Map<string, number>();
    const current = await this.subscriptions.current(session);
    const missed = channels.flatMap((channel) => {
      const [from, snapshot] = [before.get(channel.name), current.get(channel.name)];
      if (from === undefined || snapshot === undefined || snapshot instanceof Failure || snapshot.offset <= from)
        return [];
      return [{ channel: channel.name, kind: this.kinds.of(channel), from, snapshot }];
    });
    const counted = missed.filter(({ kind }) => kind.isContiguous);
    const dropped = counted.reduce((sum, { from, snapshot }) => sum + snapshot.offset - from, 0);
    session.socket.emit('slow_consumer', { policy: 'paused', dropped });
    for (const { channel, kind, from, snapshot } of missed) {
      const { offset, value } = snapshot;
      metrics.socketGaps.inc({ reason: 'slow' });
      session.socket.emit('gap', { channel, from: from + 1, to: offset, reason: 'slow' });
      session.socket.emit('snapshot', { channel, epoch: kind.epoch, offset, t: Date.now(), snapshot: value });
    }
  }
}
