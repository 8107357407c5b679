import { UseFilters } from '@nestjs/common';
import {
  SubscribeMessage,
  WebSocketGateway,
  type OnGatewayConnection,
  type OnGatewayDisconnect,
  type OnGatewayInit,
} from '@nestjs/websockets';
import { Failure } from '@mystocks/contracts';
import { currentContext, requestIdFrom } from '@mystocks/telemetry';
import { check } from '@mystocks/validation';
import type { Namespace, Socket } from 'socket.io';
import { parseMode } from '../channels/mode.js';
import { FanoutService } from '../fanout/fanout.service.js';
import { ConnectionAdmission, type MessageRules } from '../connections/connection-admission.js';
import { FailureFilter } from '../failures/failure.filter.js';
import { limits, userLimit } from '../sessions/limits.js';
import { MarketOutlet } from './market-outlet.js';
import { readSubscribe, RefreshRequest, UnsubscribeRequest } from './market.requests.js';
import { Sessions } from '../sessions/sessions.js';
import { reply, toSocketError } from '../failures/socket-error.js';
import { SubscriptionsService, type SubscribeResult } from './subscriptions.service.js';

const messageRules: MessageRules = {
  events: new Set(['subscribe', 'unsubscribe', 'auth.refresh', 'ping']),
  refuse: (socket, message, [failure, requestId]) => {
    reply(socket, message.at(-1), toSocketError(failure, requestId));
  },
};

/** The Socket.IO namespace `/market`. */
@WebSocketGateway({ namespace: '/market' })
@UseFilters(FailureFilter)
export class MarketGateway
  implements OnGatewayInit<Namespace>, OnGatewayConnection<Socket>, OnGatewayDisconnect<Socket>
{
  #outlet: MarketOutlet | undefined;

  constructor(
    private readonly admission: ConnectionAdmission,
    private readonly sessions: Sessions,
    private readonly subscriptions: SubscriptionsService,
    private readonly fanout: FanoutService,
  ) {}

  afterInit(namespace: Namespace): void {
    this.admission.guard(namespace);
    this.#outlet = new MarketOutlet(namespace, this.sessions);
    this.fanout.attach(this.#outlet);
  }

  handleConnection(socket: Socket): void {
    const session = this.admission.openSession(socket, messageRules);
    if (session === undefined) return;
    const { userSocketsMax } = this.sessions;
    const { perSecond, burst } = userLimit(userSocketsMax);
    socket.emit('hello', {
      session_id: socket.id,
      limits: {
        ...limits,
        sockets_per_user_max: userSocketsMax,
        user_channels_per_second: perSecond,
        user_channels_burst: burst,
      },
      token_expires_at: new Date(session.caller.expiresAtMs).toISOString(),
    });
  }

  handleDisconnect(socket: Socket): void {
    const session = this.sessions.remove(socket);
    if (session !== undefined) this.subscriptions.leaveAll(session);
  }

  @SubscribeMessage('subscribe')
  async subscribe(socket: Socket, message: unknown, ack?: unknown): Promise<{ ok: true; results: SubscribeResult[] }> {
    const request = readSubscribe(message);
    this.#outlet?.useInterval(parseMode(request.mode)?.everyMs ?? 0);
    const results = await this.subscriptions.subscribe(this.sessions.of(socket), request);
    // Without an acknowledgement the client would otherwise never learn that a channel was refused.
    if (ack === undefined) for (const error of errorsOf(results)) socket.emit('error', error);
    return { ok: true, results };
  }

  @SubscribeMessage('unsubscribe')
  unsubscribe(socket: Socket, message: unknown): object {
    const { channels } = check(UnsubscribeRequest, message);
    return { ok: true, results: this.subscriptions.unsubscribe(this.sessions.of(socket), channels) };
  }

  @SubscribeMessage('auth.refresh')
  async refresh(socket: Socket, message: unknown): Promise<object> {
    const { token } = check(RefreshRequest, message);
    const caller = await this.admission.verify(token);
    const session = this.sessions.of(socket);
    if (caller.id !== session.caller.id) throw new Failure('forbidden', 'The access token was issued to another user');
    session.renew(caller, token);
    return { ok: true, token_expires_at: new Date(caller.expiresAtMs).toISOString() };
  }

  @SubscribeMessage('ping')
  ping(): object {
    return { ok: true, t: Date.now() };
  }
}

/** The channels that were refused, each as the payload of an `error` event. */
function errorsOf(results: readonly SubscribeResult[]): object[] {
  const request_id = requestIdFrom(currentContext()?.requestId);
  return results
    .filter(({ status }) => status === 'error')
    .map(({ channel, requested, code, title, message, retryable, retry_after_s, candidates }) => ({
      ...{ channel, requested, code, title, message, retryable, retry_after_s, candidates },
      request_id,
    }));
}
