import { compareLsn, type Lsn } from '@mystocks/kernel';
import { metrics } from '@mystocks/telemetry';
import type pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { isConnectionLoss, isRecoveryConflict, isSilent, toFailure, unreachable } from '../connections/pg-failure.js';
import type { PostgresNode, Work } from './postgres-server.js';
import { ASK_REPLAYED } from './server-state.js';
import type { Topology } from './topology.js';

/** Milliseconds a read waits in all for replicas that have not replayed far enough, in growing steps. */
const PAUSES_MS = [1, 2, 4, 8, 16];

/** Why a read ran where it ran. */
const reasons = {
  /** A replica was known to have replayed far enough. */
  caughtUp: 'caught_up',
  /** A replica had to be asked, perhaps more than once. */
  asked: 'asked',
  /** There is only the primary. */
  alone: 'alone',
  /** This service reads from the primary. */
  wanted: 'wanted',
  /** No replica is near enough. */
  none: 'no_replica',
  /** No replica got there in time, or it could not serve. */
  behind: 'behind',
  /** The primary is away; whoever is there serves what it has. */
  primaryAway: 'primary_away',
} as const;
type Reason = (typeof reasons)[keyof typeof reasons];

const BEHIND = Symbol('behind');

/**
 * Finds a server for each read: a replica that has itself replayed what the read must see, else the primary. A read
 * that names no position must see all that was acknowledged before it began, so the primary is asked where it is.
 */
export class ReadRouter {
  #turn = 0;

  constructor(
    private readonly topology: Topology,
    private readonly from: 'primary' | 'replicas',
  ) {}

  async run<T>(work: Work<T>, after: Lsn | undefined): Promise<T> {
    try {
      if (this.topology.isAlone) return await this.#onPrimary(work, reasons.alone);
      if (this.from === 'primary') return await this.#onPrimary(work, reasons.wanted);
      return await this.#route(work, after);
    } catch (error) {
      throw toFailure(error);
    }
  }

  async #route<T>(work: Work<T>, after: Lsn | undefined): Promise<T> {
    const position = after ?? (await this.#now());
    if (position === undefined) return this.#onWhoeverIsThere(work);
    const replicas = this.#inOrder(this.topology.replicas);
    const pauses = PAUSES_MS.values();
    for (const node of replicas) {
      const outcome = await this.#onReplica(node, position, work, pauses);
      if (outcome !== BEHIND) return outcome;
    }
    try {
      return await this.#onPrimary(work, replicas.length === 0 ? reasons.none : reasons.behind);
    } catch (error) {
      // Without the primary a position that was named cannot be had; a read that named none takes what there is.
      if (after !== undefined || !isGone(error)) throw error;
      return this.#onWhoeverIsThere(work);
    }
  }

  /** Where the primary is now; undefined when it is away. */
  async #now(): Promise<Lsn | undefined> {
    const primary = await this.topology.primary();
    if (primary === undefined) return undefined;
    try {
      return await primary.monitor.position();
    } catch {
      // Its connection broke, or another took its place: whoever is the primary now is asked once more.
      await this.topology.look();
      return (await this.topology.primary())?.monitor.position().catch(() => undefined);
    }
  }

  /** Fewest borrowers first; equal ones in turn. */
  #inOrder(nodes: readonly PostgresNode[]): PostgresNode[] {
    this.#turn += 1;
    return nodes
      .map((node, index) => ({ node, load: node.load, place: (index + this.#turn) % nodes.length }))
      .sort((a, b) => a.load - b.load || a.place - b.place)
      .map(({ node }) => node);
  }

  async #onReplica<T>(
    node: PostgresNode,
    position: Lsn,
    work: Work<T>,
    pauses: Iterator<number>,
  ): Promise<T | typeof BEHIND> {
    let reason: Reason = reasons.caughtUp;
    try {
      const outcome = await node.borrowWhileHere(async (client, renew) => {
        if (!node.hasReplayed(position)) {
          reason = reasons.asked;
          if (!(await catchesUp(node, client, position, pauses))) return BEHIND;
        }
        return work(client, renew);
      });
      if (outcome !== BEHIND) count('replica', reason);
      return outcome;
    } catch (error) {
      if (isGone(error) || isRecoveryConflict(error)) return BEHIND;
      throw error;
    }
  }

  async #onPrimary<T>(work: Work<T>, reason: Reason): Promise<T> {
    const primary = await this.topology.primary();
    if (primary === undefined) throw unreachable();
    const answer = await this.#servedBy(primary, work);
    count('primary', reason);
    return answer;
  }

  /** A read lost with its primary runs on the one that took its place, if that is known already. */
  async #servedBy<T>(primary: PostgresNode, work: Work<T>): Promise<T> {
    try {
      return await primary.borrow(work);
    } catch (error) {
      if (!isGone(error) || this.topology.isAlone) throw error;
      await this.topology.look();
      const other = await this.topology.primary();
      if (other === undefined || other === primary) throw error;
      return other.borrow(work);
    }
  }

  async #onWhoeverIsThere<T>(work: Work<T>): Promise<T> {
    // What shows most first, so that readers do not see time run backwards.
    const nodes = this.#inOrder(this.topology.whoeverIsThere).sort((a, b) =>
      compareLsn(b.sight?.lsn ?? '0/0', a.sight?.lsn ?? '0/0'),
    );
    let last: unknown = unreachable();
    for (const node of nodes) {
      try {
        const answer = await node.borrow(work);
        count(node.role === 'primary' ? 'primary' : 'replica', reasons.primaryAway);
        return answer;
      } catch (error) {
        if (!isGone(error) && !isRecoveryConflict(error)) throw error;
        last = error;
      }
    }
    throw last;
  }
}

/** Asks a replica until it has replayed `position`; false when `pauses` are used up before. */
async function catchesUp(
  node: PostgresNode,
  client: pg.Client,
  position: Lsn,
  pauses: Iterator<number>,
): Promise<boolean> {
  for (;;) {
    const { rows } = await client.query<{ lsn: Lsn | null }>(ASK_REPLAYED);
    const lsn = rows[0]?.lsn;
    if (typeof lsn === 'string') node.replayed(lsn);
    if (node.hasReplayed(position)) return true;
    const pause = pauses.next();
    if (pause.done === true) return false;
    await sleep(pause.value);
  }
}

const isGone = (error: unknown): boolean => isConnectionLoss(error) || isSilent(error);

function count(target: 'primary' | 'replica', reason: Reason): void {
  metrics.dbRoute.cell(target, reason).count += 1;
}
