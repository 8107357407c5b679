import type { Server, Socket } from 'node:net';
import { metrics } from '@mystocks/telemetry';
import { addressGroup, isPublic } from './address-group.js';
import { Connection, type CloseReason } from './connection.js';
import type { PortLimits } from './limits.js';

/** How often connections are looked at: all of them within {@link ROUND_TICKS} ticks, so that no look takes long. */
const TICK_MS = 20;
const ROUND_TICKS = 50;
/** Connections of one public address, where nothing else is configured. */
const PUBLIC_ADDRESS_MAX = 1_000;
/** How long a connection without a request may still send one when the server closes. */
const LAST_REQUEST_MS = 1_000;
/** Connections looked at to find an idle one that a new connection can replace. */
const SAMPLE = 64;
const TRIES_MAX = 1_000;

const known = new WeakMap<Socket, { readonly table: Connections; readonly connection: Connection }>();

/** Says that an upgraded connection belongs to an authenticated client: from now on it is neither timed nor evicted. */
export function keepUpgraded(socket: Socket): void {
  const found = known.get(socket);
  found?.table.keep(found.connection);
}

/** Says that a connection became a WebSocket: it is closed unless {@link keepUpgraded} is called for it in time. */
export function noteUpgraded(socket: Socket): void {
  const found = known.get(socket);
  found?.table.upgraded(found.connection);
}

/**
 * The open connections of one public port. There is always room for a new one as long as any is idle: the oldest that
 * has sent nothing yet is closed for it, or else one of those that have waited longest for their next request. So
 * connections that only stand open cannot close the port for others. Nothing here runs per request.
 */
export class Connections {
  /** Opened a short while ago, oldest first; most have sent nothing yet. */
  readonly #fresh = new Set<Connection>();
  /** Those that have sent something. */
  readonly #active = new Set<Connection>();
  readonly #clients = new Map<string, Set<Connection>>();
  #size = 0;
  #kept = 0;
  #timer: NodeJS.Timeout | undefined;
  #unwatch: (() => void) | undefined;
  #closingMs: number | undefined;
  #round: { readonly rest: Iterator<Connection>; left: number; readonly perTick: number } | undefined;
  #sampled: Iterator<Connection> | undefined;

  constructor(
    private readonly limits: PortLimits,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  get size(): number {
    return this.#size;
  }

  /** Starts to look after the connections of `server`; {@link stop} ends it. */
  start(server: Pick<Server, 'listening'>): void {
    this.#timer ??= setInterval(() => {
      if (!server.listening) this.#closingMs ??= this.nowMs();
      this.#tick();
    }, TICK_MS).unref();
    this.#unwatch ??= metrics.httpConnections.watch(() => [
      { labels: ['open'], value: this.#size },
      { labels: ['joined'], value: this.#kept },
      { labels: ['max'], value: this.limits.connectionsMax },
    ]);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#unwatch?.();
    this.#unwatch = undefined;
  }

  /** Takes a new connection, closing an idle one for it when there are too many; the reason when none is idle. */
  admit(socket: Socket): Extract<CloseReason, 'full' | 'address_full'> | undefined {
    const address = socket.remoteAddress ?? '';
    const client = addressGroup(address);
    const own = this.#clients.get(client) ?? new Set();
    const ownMax = this.limits.addressConnectionsMax ?? (isPublic(address) ? PUBLIC_ADDRESS_MAX : Infinity);
    if (own.size >= ownMax && !this.#evictFrom(own)) return 'address_full';
    if (this.#size >= this.limits.connectionsMax && !this.#evictSilent() && !this.#evictIdle()) return 'full';
    this.#limitSilent();
    this.#add(new Connection(socket, client, this.nowMs()));
    return undefined;
  }

  upgraded(connection: Connection): void {
    connection.upgradedMs = this.nowMs();
    if (this.#fresh.has(connection)) this.#settle(connection);
  }

  keep(connection: Connection): void {
    const wasThere = this.#fresh.delete(connection) || this.#active.delete(connection);
    if (wasThere) this.#kept += 1;
  }

  /** True when a new connection would be refused now. Looks at all of them when there is no room left. */
  isFull(): boolean {
    if (this.#size < this.limits.connectionsMax) return false;
    return ![...this.#all()].some(({ isIdle }) => isIdle);
  }

  #add(connection: Connection): void {
    const { socket, client } = connection;
    known.set(socket, { table: this, connection });
    const own = this.#clients.get(client) ?? new Set();
    this.#clients.set(client, own.add(connection));
    this.#fresh.add(connection);
    this.#size += 1;
    socket.once('close', () => {
      this.#remove(connection);
    });
  }

  #remove(connection: Connection): void {
    if (!known.delete(connection.socket)) return;
    const isKept = !this.#fresh.delete(connection) && !this.#active.delete(connection);
    if (isKept) this.#kept -= 1;
    this.#size -= 1;
    const own = this.#clients.get(connection.client);
    own?.delete(connection);
    if (own?.size === 0) this.#clients.delete(connection.client);
  }

  /** Closes it at once; it is no longer counted, although its file is closed a moment later. */
  #close(connection: Connection, reason: CloseReason): void {
    metrics.httpConnectionsClosed.cell(reason).count += 1;
    this.#remove(connection);
    connection.socket.destroy();
  }

  #limitSilent(): void {
    for (const connection of this.#fresh) {
      if (this.#fresh.size < this.limits.silentConnectionsMax) return;
      if (connection.hasSent) this.#settle(connection);
      else this.#close(connection, 'evicted');
    }
  }

  /** Closes the oldest connection that has sent nothing. */
  #evictSilent(): boolean {
    for (const connection of this.#fresh) {
      if (connection.hasSent) this.#settle(connection);
      else {
        this.#close(connection, 'evicted');
        return true;
      }
    }
    return false;
  }

  /** Closes one of the idle connections of a sample that goes round all of them. */
  #evictIdle(): boolean {
    const idle: Connection[] = [];
    for (let tries = 0; tries < TRIES_MAX && idle.length < SAMPLE; tries += 1) {
      this.#sampled ??= this.#active.values();
      const next = this.#sampled.next();
      if (next.done === true) this.#sampled = undefined;
      else if (next.value.isIdle) idle.push(next.value);
    }
    return this.#evictOneOf(idle);
  }

  #evictFrom(own: ReadonlySet<Connection>): boolean {
    const idle: Connection[] = [];
    let tries = 0;
    for (const connection of own) {
      const isKept = !this.#fresh.has(connection) && !this.#active.has(connection);
      if (!isKept && connection.isIdle) idle.push(connection);
      tries += 1;
      if (tries === TRIES_MAX || idle.length === SAMPLE) break;
    }
    return this.#evictOneOf(idle);
  }

  /** Closes the one that was never served, or else the one from which nothing has come for the longest time. */
  #evictOneOf(idle: readonly Connection[]): boolean {
    const [first, ...others] = idle;
    if (first === undefined) return false;
    const least = others.reduce((best, other) => (other.isWorthLessThan(best) ? other : best), first);
    this.#close(least, 'evicted');
    return true;
  }

  #settle(connection: Connection): void {
    this.#fresh.delete(connection);
    this.#active.add(connection);
  }

  #tick(): void {
    const nowMs = this.nowMs();
    // Node closes those that were served, and no longer looks for headers that take too long.
    if (nowMs - (this.#closingMs ?? Infinity) > LAST_REQUEST_MS) {
      for (const connection of this.#all()) if (connection.isIdle) this.#close(connection, 'closing');
    }
    for (const connection of this.#fresh) {
      if (nowMs - connection.openedMs < this.limits.silentMs) break;
      if (connection.hasSent) this.#settle(connection);
      else this.#close(connection, 'silent');
    }
    this.#reviewSome(nowMs);
  }

  #reviewSome(nowMs: number): void {
    const left = this.#fresh.size + this.#active.size;
    this.#round ??= { rest: this.#all(), left, perTick: Math.ceil(left / ROUND_TICKS) };
    const round = this.#round;
    for (let count = 0; count < round.perTick && round.left > 0; count += 1) {
      round.left -= 1;
      const next = round.rest.next();
      if (next.done === true) round.left = 0;
      else this.#review(next.value, nowMs);
    }
    if (round.left === 0) this.#round = undefined;
  }

  #review(connection: Connection, nowMs: number): void {
    if (!connection.hasSent) return;
    if (this.#fresh.has(connection)) this.#settle(connection);
    const reason = connection.review(nowMs, this.limits);
    if (reason !== undefined) this.#close(connection, reason);
  }

  *#all(): Generator<Connection> {
    yield* this.#fresh;
    yield* this.#active;
  }
}
