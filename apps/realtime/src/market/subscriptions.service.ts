import { Injectable } from '@nestjs/common';
import { Failure } from '@mystocks/contracts';
import { Audience } from '../channels/audience.js';
import type { Channel } from '../channels/channel.js';
import { modeRule, parseMode, roomOf, type Mode } from '../channels/mode.js';
import type { Snapshot } from '../channels/snapshot.js';
import { ChannelKindsService } from '../kinds/channel-kinds.service.js';
import { SymbolsService } from '../reads/symbols.service.js';
import { ChannelBudgets } from '../sessions/channel-budgets.js';
import { limits } from '../sessions/limits.js';
import type { SubscribeRequest } from './market.requests.js';
import type { Session } from '../sessions/session.js';
import { toSocketError } from '../failures/socket-error.js';

/** The result of one channel in the answer to `subscribe`. */
export interface SubscribeResult {
  /** The canonical name; data carries it. */
  readonly channel: string;
  readonly status: 'subscribed' | 'error';
  /** The requested name, when it differs. */
  readonly requested?: string;
  readonly epoch?: string;
  readonly offset?: number;
  /** True when nothing was missed since the recovery point. */
  readonly recovered?: boolean;
  readonly snapshot?: object | null;
  readonly code?: number;
  readonly title?: string;
  readonly message?: string;
  readonly retryable?: boolean;
  /** Seconds after which the channel may be requested again. */
  readonly retry_after_s?: number;
  readonly candidates?: readonly string[];
}

interface JoinedChannel {
  readonly requested: string;
  readonly channel: Channel;
}
type RequestedChannel = JoinedChannel | { readonly requested: string; readonly failure: Failure };

/** Subscribes sockets to channels and sends them the current snapshots. */
@Injectable()
export class SubscriptionsService {
  constructor(
    private readonly budgets: ChannelBudgets,
    private readonly symbols: SymbolsService,
    private readonly kinds: ChannelKindsService,
    private readonly audience: Audience,
  ) {}

  /**
   * Subscribes to channels. The room is joined before the snapshot is read, and the snapshot contains every event that this
   * instance received before, so no value is lost between them; a value that arrives twice has the same offset.
   * @throws {Failure} `invalid` for an unknown mode; `rate_limited` when the budgets do not allow so many channels, and then no
   * channel was subscribed to
   */
  async subscribe(session: Session, request: SubscribeRequest): Promise<SubscribeResult[]> {
    const mode = parseMode(request.mode);
    if (mode === undefined) throw new Failure('invalid', `/mode must be ${modeRule}`);
    this.budgets.take(session, request.channels.length);
    const outcomes = await this.#resolve(session, request.channels);
    const joined = outcomes.map((one) => ('channel' in one ? this.#join(session, one, mode) : one));
    const snapshots = await this.#snapshots(session, joined.filter(isJoined));
    return joined.map((one) => this.#result(session, one, request, snapshots));
  }

  /**
   * Ends subscriptions, which takes nothing from the budgets: each subscription took its channel when it began.
   * @throws {Failure} `rate_limited` when the budgets do not allow so many names that are not subscribed to
   */
  unsubscribe(session: Session, names: readonly string[]): { channel: string; status: string }[] {
    const absent = names.filter((name) => !session.subscriptions.has(name)).length;
    if (absent > 0) this.budgets.take(session, absent);
    return names.map((channel) => ({
      channel,
      status: this.leave(session, channel) ? 'unsubscribed' : 'not_subscribed',
    }));
  }

  /** Ends one subscription; false when there was none. */
  leave(session: Session, channel: string): boolean {
    const held = session.subscriptions.get(channel);
    if (held === undefined) return false;
    session.subscriptions.delete(channel);
    void session.socket.leave(roomOf(channel, held.mode));
    this.audience.remove(channel);
    return true;
  }

  leaveAll(session: Session): void {
    for (const channel of [...session.subscriptions.keys()]) this.leave(session, channel);
  }

  /** The current snapshots of the channels of a session, after it was paused. */
  async current(session: Session): Promise<ReadonlyMap<string, Snapshot | Failure>> {
    const wanted = [...session.subscriptions.values()].map(({ channel }) => ({ requested: channel.name, channel }));
    return this.#snapshots(session, wanted);
  }

  async #resolve(session: Session, requested: readonly string[]): Promise<RequestedChannel[]> {
    const names = new Map(requested.map((one) => [one, this.kinds.parse(one)]));
    const spellings = [...names.values()].flatMap((name) => (name === undefined ? [] : [name.alias]));
    const symbols = await this.symbols.resolve(spellings, session);
    return [...names].map(([one, name]) => {
      if (name === undefined)
        return { requested: one, failure: new Failure('invalid', `Channels are ${this.kinds.syntax}`) };
      const symbol = symbols.get(name.alias) ?? notResolved;
      return symbol instanceof Failure
        ? { requested: one, failure: symbol }
        : { requested: one, channel: this.kinds.channel(name, symbol) };
    });
  }

  #join(session: Session, wanted: JoinedChannel, mode: Mode): RequestedChannel {
    const { channel, requested } = wanted;
    const { socket, subscriptions } = session;
    if (!subscriptions.has(channel.name) && subscriptions.size >= limits.channels_max) {
      return { requested, failure: new Failure('rate_limited', `At most ${limits.channels_max} channels a socket`) };
    }
    // A socket that disconnected while its symbols were read must not stay in the audience for ever.
    if (!socket.connected) return { requested, failure: new Failure('unauthenticated', 'The socket has disconnected') };
    this.leave(session, channel.name);
    subscriptions.set(channel.name, { channel, mode });
    if (session.slowSinceMs === undefined) void socket.join(roomOf(channel.name, mode));
    this.audience.add(channel);
    return wanted;
  }

  async #snapshots(
    session: Session,
    wanted: readonly JoinedChannel[],
  ): Promise<ReadonlyMap<string, Snapshot | Failure>> {
    const channels = wanted.map(({ channel }) => channel);
    const found = await this.kinds.snapshots(channels, session);
    if (!session.socket.connected) this.leaveAll(session);
    return found;
  }

  #result(
    session: Session,
    outcome: RequestedChannel,
    request: SubscribeRequest,
    snapshots: ReadonlyMap<string, Snapshot | Failure>,
  ): SubscribeResult {
    if (!('channel' in outcome)) return toErrorResult(outcome.requested, outcome.failure);
    const { requested, channel } = outcome;
    const snapshot = snapshots.get(channel.name) ?? new Failure('unavailable', 'The snapshot could not be read');
    if (snapshot instanceof Failure) {
      this.leave(session, channel.name);
      return toErrorResult(requested, snapshot);
    }
    const { offset, value } = snapshot;
    const point = request.recover.get(requested) ?? request.recover.get(channel.name);
    const kind = this.kinds.of(channel);
    const { epoch } = kind;
    const now = kind.isContiguous ? offset : kind.position(channel);
    return {
      channel: channel.name,
      status: 'subscribed',
      ...(requested === channel.name ? {} : { requested }),
      epoch,
      offset,
      recovered: point !== undefined && point.epoch === epoch && point.offset === now,
      snapshot: value,
    };
  }
}

const notResolved = new Failure('unavailable', 'The symbol could not be looked up');

const isJoined = (outcome: RequestedChannel): outcome is JoinedChannel => 'channel' in outcome;

function toErrorResult(channel: string, failure: Failure): SubscribeResult {
  const { code, title, message, retryable, retry_after_s, candidates } = toSocketError(failure, '');
  return {
    channel,
    status: 'error',
    code,
    title,
    message,
    retryable,
    ...(retry_after_s === undefined ? {} : { retry_after_s }),
    ...(candidates === undefined ? {} : { candidates }),
  };
}
