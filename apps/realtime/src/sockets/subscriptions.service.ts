import { Injectable } from '@nestjs/common';
import { Failure } from '@mystocks/contracts';
import { mapBounded } from '@mystocks/kernel';
import { Audience } from '../channels/audience.js';
import { barChannel, parseChannel, quoteChannel, type Channel } from '../channels/channel.js';
import { modeRule, parseMode, roomOf, type Mode } from '../channels/mode.js';
import type { Snapshot } from '../channels/snapshot.js';
import { SnapshotsService } from '../channels/snapshots.service.js';
import { FanoutService } from '../fanout/fanout.service.js';
import { asSession } from './as-session.js';
import { limits } from './limits.js';
import type { SubscribeRequest } from './market.requests.js';
import type { Session } from './session.js';
import { toFailure, toSocketError } from './socket-error.js';

const AT_ONCE = 8;
const QUOTES_A_CALL = 100;

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
    private readonly snapshots: SnapshotsService,
    private readonly fanout: FanoutService,
    private readonly audience: Audience,
  ) {}

  /**
   * The room is joined before the snapshot is read, and the snapshot has seen every event this node saw before, so
   * nothing falls between them; what arrives twice the client knows by its offset.
   * @throws {Failure} `invalid` for an unknown mode
   */
  async subscribe(session: Session, request: SubscribeRequest): Promise<SubscribeResult[]> {
    const mode = parseMode(request.mode);
    if (mode === undefined) throw new Failure('invalid', `/mode must be ${modeRule}`);
    const work = async (): Promise<SubscribeResult[]> => {
      const outcomes = await mapBounded(request.channels, { atOnce: AT_ONCE }, (name) => this.#resolve(name));
      const joined = outcomes.map((one) => ('channel' in one ? this.#join(session, one, mode) : one));
      const snapshots = await this.#snapshots(session, joined.filter(isWanted));
      return joined.map((one) => this.#result(session, one, request, snapshots));
    };
    return asSession(session, work);
  }

  unsubscribe(session: Session, names: readonly string[]): { channel: string; status: string }[] {
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

  async #resolve(requested: string): Promise<Outcome> {
    const name = parseChannel(requested);
    if (name === undefined) {
      const rule = 'Channels are quote.<symbol> and bar.<1Min|5Min|15Min|30Min|60Min|1Day>.<symbol>';
      return { requested, failure: new Failure('invalid', rule) };
    }
    try {
      const symbol = await this.snapshots.resolve(name.alias);
      return { requested, channel: name.kind === 'quote' ? quoteChannel(symbol) : barChannel(name.timeframe, symbol) };
    } catch (error) {
      return { requested, failure: toFailure(error) };
    }
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
    const found = new Map<string, Snapshot | Failure>();
    const quotes = wanted.filter(({ channel }) => channel.timeframe === undefined).map(({ channel }) => channel);
    const bars = wanted.filter(({ channel }) => channel.timeframe !== undefined).map(({ channel }) => channel);
    const chunks = Array.from({ length: Math.ceil(quotes.length / QUOTES_A_CALL) }, (_, index) =>
      quotes.slice(index * QUOTES_A_CALL, (index + 1) * QUOTES_A_CALL),
    );
    await mapBounded([...chunks, ...bars.map((bar) => [bar])], { atOnce: AT_ONCE }, async (channels) => {
      try {
        const asked = await asSession(session, () => this.#ask(channels), this.fanout.newest);
        for (const [name, snapshot] of asked) found.set(name, snapshot);
      } catch (error) {
        for (const { name } of channels) found.set(name, toFailure(error));
      }
    });
    if (!session.socket.connected) this.leaveAll(session);
    return found;
  }

  async #ask(channels: readonly Channel[]): Promise<[string, Snapshot][]> {
    const [first] = channels;
    if (first?.timeframe !== undefined) {
      return [[first.name, await this.snapshots.bar(first, this.fanout.newestOffset)]];
    }
    const before = new Map(channels.map(({ symbol }) => [symbol, this.fanout.quoteTrack(symbol).offset]));
    const quotes = await this.snapshots.quotes(channels.map(({ symbol }) => symbol));
    return channels.flatMap(({ name, symbol }): [string, Snapshot][] => {
      const snapshot = quotes.get(symbol);
      if (snapshot === undefined) return [];
      const track = this.fanout.quoteTrack(symbol);
      // The store, asked to be at least as new as our news, stands behind them: it was set back.
      if (snapshot.offset < (before.get(symbol) ?? 0)) track.moveTo(snapshot.offset);
      else track.snapshotGiven(snapshot.offset);
      return [[name, snapshot]];
    });
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
    const { epoch, offset, value } = snapshot;
    const point = request.recover.get(requested) ?? request.recover.get(channel.name);
    const now = channel.timeframe === undefined ? offset : this.fanout.barOffset(channel.name);
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

const isWanted = (outcome: Outcome): outcome is Wanted => 'channel' in outcome;

function toErrorResult(channel: string, failure: Failure): SubscribeResult {
  const { code, title, message, retryable, candidates } = toSocketError(failure, '');
  return {
    channel,
    status: 'error',
    code,
    title,
    message,
    retryable,
    ...(candidates === undefined ? {} : { candidates }),
  };
}
