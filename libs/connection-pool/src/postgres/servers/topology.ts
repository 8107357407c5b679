import { compareLsn, laterLsn, type Lsn } from '@mystocks/kernel';
import { log, metrics } from '@mystocks/telemetry';
import type { PostgresServer } from './postgres-server.js';
import { isInRotation, lagMs } from './replica-lag.js';

const READ_EVERY_MS = 250;

/**
 * Finds out the role of each server by reading its state: the primary is the server that is out of recovery on the
 * highest timeline ever seen. A former primary that comes back is fenced. A single server is not monitored: it is the
 * primary.
 */
export class Topology {
  #primary: PostgresServer | undefined;
  /** Timelines are 8 hexadecimal digits, so they sort as text. */
  #highestTimeline = '';
  /** The newest position of a write of this process or of a primary's state. */
  #newest: Lsn | undefined;
  #closed = false;
  readonly #firstRefresh: Promise<unknown>;
  readonly #unwatch: () => void;

  constructor(readonly servers: readonly [PostgresServer, ...PostgresServer[]]) {
    this.#unwatch = metrics.replicaLag.watch(() =>
      this.servers.flatMap(({ address, lagMs: lag }) =>
        lag === undefined ? [] : [{ labels: [address], value: lag / 1_000 }],
      ),
    );
    if (this.isSingle) {
      [this.#primary] = servers;
      this.#primary.role = 'primary';
      this.#firstRefresh = Promise.resolve();
      return;
    }
    this.#firstRefresh = this.refresh().then(() => {
      for (const server of servers) void this.#monitor(server);
    });
  }

  /** There is one server only: no replica to read from, and none to fail over to. */
  get isSingle(): boolean {
    return this.servers.length === 1;
  }

  /** The primary; undefined while there is none. It waits only until the roles are known. */
  async primary(): Promise<PostgresServer | undefined> {
    if (this.#primary !== undefined) return this.#primary;
    await this.#firstRefresh;
    // A server that has just become a primary is being compared with the others.
    if (this.#candidates().length > 0) await this.refresh();
    return this.#primary;
  }

  /** The primary, or the server that is configured as the primary while there is none. */
  get primaryOrFirst(): PostgresServer {
    return this.#primary ?? this.servers[0];
  }

  /** The replicas in rotation; while there is no primary, those that were in rotation when it went away. */
  get replicas(): PostgresServer[] {
    return this.servers.filter((server) => server.role === 'replica' && server.isInRotation);
  }

  /** Every server that can be reached and is not fenced; only those on the highest timeline, if there are any. */
  get reachable(): PostgresServer[] {
    const reachable = this.servers.filter(({ state, role }) => state !== undefined && role !== 'fenced');
    const newest = reachable.filter(({ state }) => state?.timeline === this.#highestTimeline);
    return newest.length > 0 ? newest : reachable;
  }

  /** To be called when a write was committed at `lsn`. */
  wrote(lsn: Lsn): void {
    this.#newest = laterLsn(this.#newest, lsn);
  }

  /** Reads the state of every server now. */
  async refresh(): Promise<void> {
    if (!this.isSingle) await Promise.all(this.servers.map((server) => this.#check(server)));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unwatch();
    await Promise.all(this.servers.map((server) => server.close()));
  }

  async #monitor(server: PostgresServer): Promise<void> {
    for (;;) {
      await server.monitor.pause(READ_EVERY_MS);
      if (this.#closed) return;
      await this.#check(server);
      if (server === this.#primary && server.state?.beatDue === true) await this.#writeHeartbeat(server);
    }
  }

  async #check(server: PostgresServer): Promise<void> {
    await this.#readState(server);
    if (server.claimsPrimary && !server.isConfirmed) {
      // It may be a former primary that comes back while another server has just been promoted.
      await Promise.all(this.servers.filter((other) => other !== server).map((other) => this.#readState(other)));
      server.isConfirmed = server.claimsPrimary && (await this.#isBeyondNewest(server));
    }
    this.#assignRoles();
  }

  /**
   * The log of a primary that was promoted without everything that the former one had written ends before positions that
   * clients hold, and caches would take the positions of its events for old ones. So its log is filled up to the newest
   * position first. Returns false when that failed.
   */
  async #isBeyondNewest(server: PostgresServer): Promise<boolean> {
    const { state } = server;
    const newest = this.#newest;
    if (state === undefined || newest === undefined || state.timeline !== this.#highestTimeline) return true;
    if (compareLsn(state.lsn, newest) >= 0) return true;
    try {
      // Read again, because it may have written since its state was read.
      const lsn = await server.monitor.position();
      if (compareLsn(lsn, newest) >= 0) return true;
      const fields = { server: server.address, lsn, before: newest };
      log.warn(fields, 'the primary lacks what was written before it was promoted');
      await server.monitor.fillLogBeyond(newest);
      return true;
    } catch (error) {
      log.warn({ err: error, server: server.address }, 'the log of a new primary could not be filled up');
      return false;
    }
  }

  async #readState(server: PostgresServer): Promise<void> {
    try {
      const reading = await server.monitor.read();
      server.update(reading);
      // A replica shows a promotion as well: it may follow a new primary that this process cannot reach.
      const { timeline } = reading.state;
      if (timeline > this.#highestTimeline) this.#highestTimeline = timeline;
      if (server.isLoggedAway) log.info({ server: server.address }, 'a database server is back');
      server.isLoggedAway = false;
    } catch (error) {
      if (!server.isLoggedAway && !this.#closed)
        log.warn({ err: error, server: server.address }, 'a database server cannot be reached');
      server.isLoggedAway = true;
      server.markAway();
    }
  }

  async #writeHeartbeat(server: PostgresServer): Promise<void> {
    try {
      await server.monitor.writeHeartbeat();
    } catch (error) {
      if (!this.#closed) log.warn({ err: error, server: server.address }, 'the heartbeat could not be written');
    }
  }

  /** The servers that report that they are the primary, on the highest timeline. */
  #candidates(): PostgresServer[] {
    return this.servers.filter(
      ({ claimsPrimary, state }) => claimsPrimary && state?.timeline === this.#highestTimeline,
    );
  }

  #assignRoles(): void {
    const confirmed = this.#candidates().filter(({ isConfirmed }) => isConfirmed);
    const primary = confirmed.find((server) => server === this.#primary) ?? confirmed[0];
    if (primary !== this.#primary) {
      const change = { server: primary?.address, before: this.#primary?.address };
      if (primary === undefined) log.warn(change, 'there is no primary database server');
      else log.info(change, 'the primary database server is found');
    }
    this.#primary = primary;
    this.#newest = laterLsn(this.#newest, primary?.state?.lsn);
    for (const server of this.servers) this.#assignRole(server);
  }

  #assignRole(server: PostgresServer): void {
    const { state } = server;
    const before = server.role;
    server.role = this.#roleOf(server);
    if (server.role === 'fenced' && before !== 'fenced') {
      log.error(
        { server: server.address, timeline: state?.timeline, highest: this.#highestTimeline },
        'a database server takes itself for the primary, but another was promoted: it is not used; make it follow',
      );
    }
    server.lagMs = undefined;
    if (state === undefined || server.role !== 'replica') server.isInRotation = false;
    else if (this.#primary?.state !== undefined) this.#setLag(server, lagMs(state, this.#primary.state));
  }

  #roleOf(server: PostgresServer): PostgresServer['role'] {
    if (server === this.#primary) return 'primary';
    if (server.state?.inRecovery === true) return 'replica';
    // A candidate that is not confirmed has no role yet.
    if (server.claimsPrimary && (server.isConfirmed || server.state?.timeline !== this.#highestTimeline))
      return 'fenced';
    return 'away';
  }

  #setLag(server: PostgresServer, lag: number): void {
    const inRotation = isInRotation(server.isInRotation, lag);
    if (inRotation !== server.isInRotation) {
      const fields = { server: server.address, lag_ms: Math.round(lag) };
      if (inRotation) log.info(fields, 'replica in rotation');
      else log.warn(fields, 'replica out of rotation: it is too far behind');
    }
    server.lagMs = lag;
    server.isInRotation = inRotation;
  }
}
