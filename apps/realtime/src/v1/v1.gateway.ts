import { UseFilters } from '@nestjs/common';
import {
  SubscribeMessage,
  WebSocketGateway,
  type OnGatewayConnection,
  type OnGatewayDisconnect,
  type OnGatewayInit,
} from '@nestjs/websockets';
import { Failure } from '@mystocks/contracts';
import { check } from '@mystocks/validation';
import type { Namespace, Server, Socket } from 'socket.io';
import { Audience } from '../channels/audience.js';
import { quoteChannel, type Channel } from '../channels/channel.js';
import { FanoutService } from '../fanout/fanout.service.js';
import { SymbolsService } from '../reads/symbols.service.js';
import { ChannelBudgets } from '../sessions/channel-budgets.js';
import { ConnectionAdmission, type MessageRules } from '../connections/connection-admission.js';
import { limits } from '../sessions/limits.js';
import { Sessions } from '../sessions/sessions.js';
import { wishOf } from './fields.js';
import { Streams } from './streams.js';
import { emitV1Error } from './v1-error.js';
import { V1Filter } from './v1.filter.js';
import { RoomRequest, StreamRequest, symbolOfRoom } from './v1.requests.js';

const messageRules: MessageRules = {
  events: new Set([
    'subscribe',
    'unsubscribe',
    'ping',
    'subscribe_market_stream',
    'unsubscribe_market_stream',
    'stream_filter_update',
  ]),
  refuse: (socket, [event], refusal) => {
    emitV1Error(socket, event, refusal);
  },
};
const now = (): string => new Date().toISOString();
// A client names a room; its real name has a prefix, so that it can never be one of ours.
const roomOf = (room: string): string => `v1room:${room}`;

/** The original's events on the namespace `/`, over the same fan-out. */
@WebSocketGateway()
@UseFilters(V1Filter)
export class V1Gateway implements OnGatewayInit<Server>, OnGatewayConnection<Socket>, OnGatewayDisconnect<Socket> {
  #streams: Streams | undefined;
  /** Room of each stream of a socket, by channel. */
  readonly #held = new Map<string, Map<string, string>>();

  constructor(
    private readonly admission: ConnectionAdmission,
    private readonly sessions: Sessions,
    private readonly budgets: ChannelBudgets,
    private readonly symbols: SymbolsService,
    private readonly fanout: FanoutService,
    private readonly audience: Audience,
  ) {}

  afterInit(server: Server): void {
    const namespace: Namespace = server.of('/');
    this.admission.guard(namespace);
    this.#streams = new Streams(namespace, this.sessions);
    this.fanout.attach(this.#streams);
  }

  handleConnection(socket: Socket): void {
    if (this.admission.openSession(socket, messageRules) === undefined) return;
    this.#held.set(socket.id, new Map());
    socket.emit('connect_response', { status: 'connected', sid: socket.id });
  }

  handleDisconnect(socket: Socket): void {
    for (const [channel, room] of this.#held.get(socket.id) ?? []) {
      this.audience.remove(channel);
      this.#streams?.close(channel, room);
    }
    this.#held.delete(socket.id);
    this.sessions.remove(socket);
  }

  @SubscribeMessage('subscribe')
  async subscribe(socket: Socket, message: unknown): Promise<void> {
    const { room } = check(RoomRequest, message);
    await this.#channelOf(socket, symbolOfRoom(room));
    // A socket that left meanwhile must not stay in the room for ever.
    this.sessions.of(socket);
    // The socket's own room and `user:` are in the set as well.
    if (socket.rooms.size > limits.channels_max)
      throw new Failure('rate_limited', `At most ${limits.channels_max} rooms`);
    void socket.join(roomOf(room));
    socket.emit('subscribed', { room, status: 'subscribed' });
    socket.to(roomOf(room)).emit('room_member_joined', { room, sid: socket.id, timestamp: now() });
  }

  @SubscribeMessage('unsubscribe')
  unsubscribe(socket: Socket, message: unknown): void {
    const { room } = check(RoomRequest, message);
    if (!socket.rooms.has(roomOf(room))) throw new Failure('not_found', 'Not subscribed to this room');
    void socket.leave(roomOf(room));
    socket.emit('unsubscribed', { room, status: 'unsubscribed' });
    socket.to(roomOf(room)).emit('room_member_left', { room, sid: socket.id, timestamp: now() });
  }

  @SubscribeMessage('ping')
  ping(socket: Socket): void {
    socket.emit('pong', { type: 'pong', timestamp: Date.now() });
  }

  @SubscribeMessage('subscribe_market_stream')
  async subscribeStream(socket: Socket, message: unknown): Promise<void> {
    const { symbol, fields } = check(StreamRequest, message);
    const channel = await this.#channelOf(socket, symbol);
    const held = this.#heldBy(socket);
    if (!held.has(channel.name)) {
      if (held.size >= limits.channels_max) throw new Failure('rate_limited', `At most ${limits.channels_max} streams`);
      this.audience.add(channel);
    }
    this.#enter(socket, held, channel.name, { symbol, fields: wishOf(fields) });
    socket.emit('stream_subscribed', { symbol, status: 'subscribed', timestamp: now() });
  }

  @SubscribeMessage('stream_filter_update')
  async updateFilter(socket: Socket, message: unknown): Promise<void> {
    const { symbol, fields } = check(StreamRequest, message);
    const { name } = await this.#channelOf(socket, symbol);
    const wish = wishOf(fields);
    this.#enter(socket, this.#streamsWith(name, socket, symbol), name, { symbol, fields: wish });
    socket.emit('stream_filter_updated', { symbol, fields: wish, timestamp: now() });
  }

  @SubscribeMessage('unsubscribe_market_stream')
  async unsubscribeStream(socket: Socket, message: unknown): Promise<void> {
    const { symbol } = check(StreamRequest, message);
    const { name } = await this.#channelOf(socket, symbol);
    const held = this.#streamsWith(name, socket, symbol);
    this.#leave(socket, name, held.get(name));
    held.delete(name);
    this.audience.remove(name);
    socket.emit('stream_unsubscribed', { symbol, status: 'unsubscribed', timestamp: now() });
  }

  #enter(socket: Socket, held: Map<string, string>, channel: string, wish: Parameters<Streams['open']>[1]): void {
    this.#leave(socket, channel, held.get(channel));
    const room = this.#streams?.open(channel, wish) ?? '';
    held.set(channel, room);
    void socket.join(room);
  }

  #leave(socket: Socket, channel: string, room: string | undefined): void {
    if (room === undefined) return;
    void socket.leave(room);
    this.#streams?.close(channel, room);
  }

  /** The quote channel that a spelling names; costs one channel of the budgets. */
  async #channelOf(socket: Socket, spelling: string): Promise<Channel> {
    const session = this.sessions.of(socket);
    this.budgets.take(session, 1);
    const symbol = (await this.symbols.resolve([spelling], session)).get(spelling);
    if (symbol === undefined || symbol instanceof Failure) throw symbol ?? new Failure('unavailable', 'Not looked up');
    return quoteChannel(symbol);
  }

  /** Asked in the same step as the change: two endings of one stream at once must not count as two listeners less. */
  #streamsWith(channel: string, socket: Socket, symbol: string): Map<string, string> {
    const held = this.#heldBy(socket);
    if (!held.has(channel)) throw new Failure('not_found', `No stream of ${symbol} is subscribed to`);
    return held;
  }

  #heldBy(socket: Socket): Map<string, string> {
    const held = this.#held.get(socket.id);
    if (held === undefined) throw new Failure('unauthenticated', 'The socket has disconnected');
    return held;
  }
}
