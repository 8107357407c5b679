import { Injectable } from '@nestjs/common';
import { Failure } from '@mystocks/contracts';
import { Audience } from '../channels/audience.js';
import type { Channel } from '../channels/channel.js';
import { modeRule, parseMode, roomOf, type Mode } from '../channels/mode.js';
import type { Snapshot } from '../channels/snapshot.js';
import { ChannelKindsService } from '../kinds/channel-kinds.service.js';
import { SymbolsService } from '../reads/symbols.service.js';
import { ChannelBudgets } from './channel-budgets.js';
import { limits } from './limits.js';
import type { SubscribeRequest } from './market.requests.js';
import type { Session } from './session.js';
import { toSocketError } from './socket-error.js';

/** One line of the answer to `subscribe`. */
export interface SubscribeResult {
  /** The canonical name; data carries it. */
  readonly channel: string;
  readonly status: 'subscribed' | 'error';
  /** The name as it was asked for, when that differs. */
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
  /** Seconds after which the channel may be asked for again. */
  readonly retry_after_s?: number;
  readonly candidates?: readonly string[];
}

interface Wanted {
  readonly requested: string;
  readonly channel: Channel;
}
type Outcome = Wanted | { readonly requested: string; readonly failure: Failure };

/** Puts sockets into channels and gives them what the channels show now. */
@Injectable()
export class SubscriptionsService {
  constructor(
    private readonly budgets: ChannelBudgets,
    private readonly symbols: SymbolsService,
    private readonly kinds: ChannelKindsService,
    private readonly audience: Audience,
  ) {}

  /**
   * The room is joined before the snapshot is read, and the snapshot has seen every event this node saw before, so
   * nothing falls between them; what arrives twice the client knows by its offset.
   * @throws {Failure} `invalid` for an unknown mode; `rate_limited` when the budgets have no room for so many channels: then
   * nothing was done
   */
  async subscribe(session: Session, request: SubscribeRequest): Promise<SubscribeResult[]> {
    const mode = parseMode(request.mode);
    if (mode === undefined) throw new Failure('invalid', `/mode must be ${modeRule}`);
    this.budgets.take(session, request.channels.length);
    const outcomes = await this.#resolve(session, request.channels);
    const joined = outcomes.map((one) => ('channel' in one ? this.#join(session, one, mode) : one));
    const snapshots = await this.#snapshots(session, joined.filter(isWanted));
    return joined.map((one) => this.#result(session, one, request, snapshots));
  }

  /**
   * Ends subscriptions. Those that there are cost nothing: they were paid for when they began.
   * @throws {Failure} `rate_limited` when the budgets have no room for names that are not subscribed to
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

  /** What the channels of a session show now, for one that had to pause. */
  async current(session: Session): Promise<ReadonlyMap<string, Snapshot | Failure>> {
    const wanted = [...session.subscriptions.values()].map(({ channel }) => ({ requested: channel.name, channel }));
    return this.#snapshots(session, wanted);
  }

  async #resolve(session: Session, requested: readonly string[]): Promise<Outcome[]> {
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

  #join(session: Session, wanted: Wanted, mode: Mode): Outcome {
    const { channel, requested } = wanted;
    const { socket, subscriptions } = session;
    if (!subscriptions.has(channel.name) && subscriptions.size >= limits.channels_max) {
      return { requested, failure: new Failure('rate_limited', `At most ${limits.channels_max} channels a socket`) };
    }
    // A socket that left while its channels were being looked up must not stay in the audience for ever.
    if (!socket.connected) return { requested, failure: new Failure('unauthenticated', 'The socket has gone') };
    this.leave(session, channel.name);
    subscriptions.set(channel.name, { channel, mode });
    if (session.slowSinceMs === undefined) void socket.join(roomOf(channel.name, mode));
    this.audience.add(channel);
    return wanted;
  }

  async #snapshots(session: Session, wanted: readonly Wanted[]): Promise<ReadonlyMap<string, Snapshot | Failure>> {
    const channels = wanted.map(({ channel }) => channel);
    const found = await this.kinds.snapshots(channels, session);
    if (!session.socket.connected) this.leaveAll(session);
    return found;
  }

  #result(
    session: Session,
    outcome: Outcome,
    request: SubscribeRequest,
    snapshots: ReadonlyMap<string, Snapshot | Failure>,
  ): SubscribeResult {
    if (!('channel' in outcome)) return toErrorResult(outcome.requested, outcome.failure);
    const { requested, channel } = outcome;
    const snapshot = snapshots.get(channel.name) ?? new Failure('unavailable', 'No snapshot could be had');
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

const isWanted = (outcome: Outcome): outcome is Wanted => 'channel' in outcome;

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
