import { compareLsn, laterLsn, type Lsn } from '@mystocks/kernel';
import { log, metrics } from '@mystocks/telemetry';
import type { PostgresNode } from './postgres-server.js';
import { isNearEnough, lagMs } from './replica-lag.js';

const LOOK_EVERY_MS = 250;

/**
 * Which server is what, found by asking them: the primary is the one out of recovery with the highest timeline ever
 * seen. An older primary that comes back is fenced. A lone server is not asked: it is what it is.
 */
export class Topology {
  #primary: PostgresNode | undefined;
  /** Timelines are 8 hexadecimal digits: they sort as they are. */
  #highest = '';
  /** The newest position that a write of ours had, or a primary told. */
  #newest: Lsn | undefined;
  #closed = false;
  readonly #settled: Promise<unknown>;
  readonly #unwatch: () => void;

  constructor(readonly nodes: readonly [PostgresNode, ...PostgresNode[]]) {
    this.#unwatch = metrics.replicaLag.watch(() =>
      this.nodes.flatMap(({ address, lagMs: lag }) =>
        lag === undefined ? [] : [{ labels: [address], value: lag / 1_000 }],
      ),
    );
    if (this.isAlone) {
      [this.#primary] = nodes;
      this.#primary.role = 'primary';
      this.#settled = Promise.resolve();
      return;
    }
    this.#settled = this.look().then(() => {
      for (const node of nodes) void this.#watch(node);
    });
  }

  /** There is no replica to choose, and none to fail over to. */
  get isAlone(): boolean {
    return this.nodes.length === 1;
  }

  /** The primary; undefined while there is none. Waits only until that can be told. */
  async primary(): Promise<PostgresNode | undefined> {
    if (this.#primary !== undefined) return this.#primary;
    await this.#settled;
    // One that just appeared is being weighed against the others.
    if (this.#candidates().length > 0) await this.look();
    return this.#primary;
  }

  /** The primary, or the server that was configured as one while there is none. */
  get mainNode(): PostgresNode {
    return this.#primary ?? this.nodes[0];
  }

  /** Replicas near enough to the primary; those that were when it went away, as long as it is away. */
  get replicas(): PostgresNode[] {
    return this.nodes.filter(({ role, isNear }) => role === 'replica' && isNear);
  }

  /** Every server that can be asked and is not fenced; on the newest timeline, where some are. */
  get whoeverIsThere(): PostgresNode[] {
    const there = this.nodes.filter(({ sight, role }) => sight !== undefined && role !== 'fenced');
    const newest = there.filter(({ sight }) => sight?.timeline === this.#highest);
    return newest.length > 0 ? newest : there;
  }

  /** A write was committed there. */
  wrote(lsn: Lsn): void {
    this.#newest = laterLsn(this.#newest, lsn);
  }

  /** Asks every server now. */
  async look(): Promise<void> {
    if (!this.isAlone) await Promise.all(this.nodes.map((node) => this.#visit(node)));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unwatch();
    await Promise.all(this.nodes.map((node) => node.close()));
  }

  async #watch(node: PostgresNode): Promise<void> {
    for (;;) {
      await node.monitor.pause(LOOK_EVERY_MS);
      if (this.#closed) return;
      await this.#visit(node);
      if (node === this.#primary && node.sight?.beatDue === true) await this.#beat(node);
    }
  }

  async #visit(node: PostgresNode): Promise<void> {
    await this.#ask(node);
    if (node.saysPrimary && !node.isProven) {
      // It may be an old primary that comes back while a new one was promoted a moment ago.
      await Promise.all(this.nodes.filter((other) => other !== node).map((other) => this.#ask(other)));
      node.isProven = node.saysPrimary && (await this.#isBeyond(node));
    }
    this.#judge();
  }

  /**
   * A primary that was promoted without all that the old one had written goes back behind positions that clients hold,
   * and caches would take its news for old ones. So its log is filled up first; false when that failed.
   */
  async #isBeyond(node: PostgresNode): Promise<boolean> {
    const { sight } = node;
    const newest = this.#newest;
    if (sight === undefined || newest === undefined || sight.timeline !== this.#highest) return true;
    if (compareLsn(sight.lsn, newest) >= 0) return true;
    try {
      // Asked again: it may have written since it was looked at.
      const lsn = await node.monitor.position();
      if (compareLsn(lsn, newest) >= 0) return true;
      const facts = { server: node.address, lsn, before: newest };
      log.warn(facts, 'the primary lacks what was written before it was promoted');
      await node.monitor.fillBeyond(newest);
      return true;
    } catch (error) {
      log.warn({ err: error, server: node.address }, 'the log of a new primary could not be filled up');
      return false;
    }
  }

  async #ask(node: PostgresNode): Promise<void> {
    try {
      const sighting = await node.monitor.look();
      node.saw(sighting);
      // A replica tells of a promotion too: it shows the beat of a primary that cannot be reached from here, perhaps.
      const { timeline } = sighting.sight;
      if (timeline > this.#highest) this.#highest = timeline;
      if (node.isMissed) log.info({ server: node.address }, 'a database server is back');
      node.isMissed = false;
    } catch (error) {
      if (!node.isMissed && !this.#closed)
        log.warn({ err: error, server: node.address }, 'a database server cannot be reached');
      node.isMissed = true;
      node.lost();
    }
  }

  async #beat(node: PostgresNode): Promise<void> {
    try {
      await node.monitor.beat();
    } catch (error) {
      if (!this.#closed) log.warn({ err: error, server: node.address }, 'the heartbeat could not be written');
    }
  }

  /** Servers that say they are the primary, on the highest timeline. */
  #candidates(): PostgresNode[] {
    return this.nodes.filter(({ saysPrimary, sight }) => saysPrimary && sight?.timeline === this.#highest);
  }

  #judge(): void {
    const proven = this.#candidates().filter(({ isProven }) => isProven);
    const primary = proven.find((node) => node === this.#primary) ?? proven[0];
    if (primary !== this.#primary) {
      const change = { server: primary?.address, before: this.#primary?.address };
      if (primary === undefined) log.warn(change, 'there is no primary database server');
      else log.info(change, 'the primary database server is found');
    }
    this.#primary = primary;
    this.#newest = laterLsn(this.#newest, primary?.sight?.lsn);
    for (const node of this.nodes) this.#assign(node);
  }

  #assign(node: PostgresNode): void {
    const { sight } = node;
    const before = node.role;
    node.role = this.#roleOf(node);
    if (node.role === 'fenced' && before !== 'fenced') {
      log.error(
        { server: node.address, timeline: sight?.timeline, highest: this.#highest },
        'a database server takes itself for the primary, but another was promoted: it is not used; make it follow',
      );
    }
    node.lagMs = undefined;
    if (sight === undefined || node.role !== 'replica') node.isNear = false;
    else if (this.#primary?.sight !== undefined) this.#measure(node, lagMs(sight, this.#primary.sight));
  }

  #roleOf(node: PostgresNode): PostgresNode['role'] {
    if (node === this.#primary) return 'primary';
    if (node.sight?.inRecovery === true) return 'replica';
    // Unproven candidates are nothing yet.
    if (node.saysPrimary && (node.isProven || node.sight?.timeline !== this.#highest)) return 'fenced';
    return 'away';
  }

  #measure(node: PostgresNode, lag: number): void {
    const isNear = isNearEnough(node.isNear, lag);
    if (isNear !== node.isNear) {
      const seen = { server: node.address, lag_ms: Math.round(lag) };
      if (isNear) log.info(seen, 'a replica is read');
      else log.warn(seen, 'a replica is too far behind to be read');
    }
    node.lagMs = lag;
    node.isNear = isNear;
  }
}
