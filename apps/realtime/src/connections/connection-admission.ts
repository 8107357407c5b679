import { Injectable } from '@nestjs/common';
import { Failure, readers } from '@mystocks/contracts';
import { keepUpgraded } from '@mystocks/edge';
import { authorize, TokenVerifier, type Caller } from '@mystocks/identity';
import { log, metrics, newContext, requestIdFrom, withContext } from '@mystocks/telemetry';
import type { Namespace, Socket } from 'socket.io';
import { joinAttempts } from '../sessions/limits.js';
import { membersOf } from '../channels/snapshot.js';
import { Rate } from '../sessions/rate.js';
import { Session } from '../sessions/session.js';
import { Sessions } from '../sessions/sessions.js';
import { toFailure, toSocketError, type SocketError } from '../failures/socket-error.js';

interface Identity {
  readonly caller: Caller;
  readonly token: string;
}

/** How the messages of a namespace are checked before a handler receives them. */
export interface MessageRules {
  /** Names of the events that have a handler. */
  readonly events: ReadonlySet<string>;
  /** Answers a client that its message was refused. */
  readonly refuse: (socket: Socket, message: readonly unknown[], refusal: readonly [Failure, string]) => void;
}

/** Socket.IO sends this error as `connect_error`, and its `data` with it. */
class Refused extends Error {
  constructor(readonly data: SocketError) {
    super(data.message);
  }
}

/**
 * Admits sockets to a namespace. The only identity is the access token in the handshake's `auth` payload, which is verified
 * here: user ids in headers, query or events are never read.
 */
@Injectable()
export class ConnectionAdmission {
  /** Attempts to join a namespace by connection, so that a connection that never joins is counted too. */
  readonly #attempts = new WeakMap<Socket['conn'], Rate>();

  constructor(
    private readonly verifier: TokenVerifier,
    private readonly sessions: Sessions,
  ) {}

  guard(namespace: Namespace): void {
    namespace.use((socket, next) => {
      const context = newContext();
      void withContext(context, async () => {
        try {
          this.#countAttempt(socket);
          const caller = await this.#identify(socket);
          log.info({ user_id: caller.id, namespace: namespace.name }, 'socket admitted');
          next();
        } catch (error) {
          const failure = toFailure(error);
          log.info({ failure: failure.code, namespace: namespace.name }, 'socket refused');
          next(new Refused(toSocketError(failure, context.requestId)));
        }
      });
    });
  }

  /** Verifies a token for reading market data. */
  async verify(token: unknown): Promise<Caller> {
    if (typeof token !== 'string' || token === '') {
      throw new Failure('unauthenticated', 'The handshake needs auth: { token }');
    }
    const caller = await this.verifier.verify(token);
    authorize(readers, caller);
    return caller;
  }

  /** Opens the session of an admitted socket; undefined when a limit was reached meanwhile, and the socket is closed. */
  openSession(socket: Socket, messageRules: MessageRules): Session | undefined {
    const identity = (socket.data as { identity?: Identity }).identity;
    socket.data = {};
    try {
      if (identity === undefined) throw new Failure('unauthenticated', 'The handshake needs auth: { token }');
      this.sessions.admit(identity.caller.id);
      const session = new Session(socket, identity, Date.now());
      this.sessions.add(session);
      this.#checkMessages(session, messageRules);
      void socket.join(`user:${identity.caller.id}`);
      keepUpgraded(socket.request.socket);
      dropHandshakeData(socket);
      return session;
    } catch (error) {
      messageRules.refuse(socket, [], [toFailure(error), requestIdFrom(undefined)]);
      socket.disconnect(true);
      return undefined;
    }
  }

  #countAttempt({ conn }: Socket): void {
    const nowMs = Date.now();
    const rate = this.#attempts.get(conn) ?? new Rate(joinAttempts, nowMs);
    this.#attempts.set(conn, rate);
    if (rate.take(nowMs)) return;
    metrics.socketRefused.inc({ reason: 'join_attempts' });
    const retryAfterS = Math.ceil(1 / joinAttempts.perSecond);
    const text = `This connection tried to join too often; try again in ${retryAfterS} s`;
    throw new Failure('rate_limited', text, { retryAfterS });
  }

  async #identify(socket: Socket): Promise<Caller> {
    const { token } = membersOf(socket.handshake.auth);
    const caller = await this.verify(token);
    this.sessions.admit(caller.id);
    socket.data = { identity: { caller, token } };
    return caller;
  }

  /** Refuses messages that come too fast or have no handler. */
  #checkMessages(session: Session, { events, refuse }: MessageRules): void {
    const { socket } = session;
    socket.use((message, next) => {
      const failure = refusal(session, message[0], events);
      if (failure === undefined) {
        next();
        return;
      }
      refuse(socket, message, [failure, requestIdFrom(undefined)]);
      if (failure.code === 'rate_limited' && !session.refusals.take(Date.now())) socket.disconnect(true);
    });
  }
}

function refusal(session: Session, event: unknown, events: ReadonlySet<string>): Failure | undefined {
  if (!session.rate.take(Date.now())) {
    metrics.socketRefused.inc({ reason: 'messages' });
    return new Failure('rate_limited', 'Too many messages', { retryAfterS: 1 });
  }
  if (typeof event === 'string' && events.has(event)) return undefined;
  return new Failure('invalid', `Events here are ${[...events].join(', ')}`);
}

/** Drops the handshake request and token, which no code reads again: they take about 10 KB a socket. */
function dropHandshakeData(socket: Socket): void {
  socket.handshake.auth = {};
  (socket.conn as { request: unknown }).request = null;
}
