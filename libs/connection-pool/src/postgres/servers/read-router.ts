import { compareLsn, type Lsn } from '@mystocks/kernel';
import { metrics } from '@mystocks/telemetry';
import type pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  isConnectionLoss,
  isRecoveryConflict,
  isUnanswered,
  toFailure,
  unreachable,
} from '../connections/pg-failure.js';
import type { PostgresServer, Work } from './postgres-server.js';
import { READ_REPLAYED } from './server-state.js';
import type { Topology } from './topology.js';

/** Milliseconds between questions to replicas that have not replayed far enough; a read shares them among all replicas. */
const PAUSES_MS = [1, 2, 4, 8, 16];

/** Why a read ran on its server; a label of the metric. */
const reasons = {
  /** A replica was known to have replayed far enough. */
  caughtUp: 'caught_up',
  /** A replica had to be asked how far it has replayed, perhaps more than once. */
  asked: 'asked',
  /** There is no other server than the primary. */
  single: 'alone',
  /** The service is configured to read from the primary. */
  configured: 'wanted',
  /** No replica is in rotation. */
  none: 'no_replica',
  /** No replica replayed far enough in time, or it could not run the read. */
  behind: 'behind',
  /** The primary is away, so a reachable server returns what it has. */
  primaryAway: 'primary_away',
} as const;
type Reason = (typeof reasons)[keyof typeof reasons];

const BEHIND = Symbol('behind');

/**
 * Chooses a server for each read: a replica that has itself replayed what the read must see, else the primary. A read
 * without a position must see all commits acknowledged before it began, so the primary is asked for its position.
 */
export class ReadRouter {
  #turn = 0;

  constructor(
    private readonly topology: Topology,
    private readonly readFrom: 'primary' | 'replicas',
  ) {}

  async run<T>(work: Work<T>, after: Lsn | undefined): Promise<T> {
    try {
      if (this.topology.isSingle) return await this.#onPrimary(work, reasons.single);
      if (this.readFrom === 'primary') return await this.#onPrimary(work, reasons.configured);
      return await this.#route(work, after);
    } catch (error) {
      throw toFailure(error);
    }
  }

  async #route<T>(work: Work<T>, after: Lsn | undefined): Promise<T> {
    const position = after ?? (await this.#currentPosition());
    if (position === undefined) return this.#onReachable(work);
    const replicas = this.#byLoad(this.topology.replicas);
    const pauses = PAUSES_MS.values();
    for (const server of replicas) {
      const outcome = await this.#onReplica(server, position, work, pauses);
      if (outcome !== BEHIND) return outcome;
    }
    try {
      return await this.#onPrimary(work, replicas.length === 0 ? reasons.none : reasons.behind);
    } catch (error) {
      // Only the primary is certain to have a given position; a read without one may return what another server has.
      if (after !== undefined || !isServerLost(error)) throw error;
      return this.#onReachable(work);
    }
  }

  /** The primary's position now; undefined when the primary is away. */
  async #currentPosition(): Promise<Lsn | undefined> {
    const primary = await this.topology.primary();
    if (primary === undefined) return undefined;
    try {
      return await primary.monitor.position();
    } catch {
      // The connection was lost, or another server was promoted: the server that is the primary now is asked once more.
      await this.topology.refresh();
      return (await this.topology.primary())?.monitor.position().catch(() => undefined);
    }
  }

  /** Sorts servers by load, the least loaded one first; those with the same load take turns. */
  #byLoad(servers: readonly PostgresServer[]): PostgresServer[] {
    this.#turn += 1;
    return servers
      .map((server, index) => ({ server, load: server.load, place: (index + this.#turn) % servers.length }))
      .sort((a, b) => a.load - b.load || a.place - b.place)
      .map(({ server }) => server);
  }

  async #onReplica<T>(
    server: PostgresServer,
    position: Lsn,
    work: Work<T>,
    pauses: Iterator<number>,
  ): Promise<T | typeof BEHIND> {
    let reason: Reason = reasons.caughtUp;
    try {
      const outcome = await server.withConnectionWhileHere(async (client, renew) => {
        if (!server.hasReplayed(position)) {
          reason = reasons.asked;
          if (!(await catchesUp(server, client, position, pauses))) return BEHIND;
        }
        return work(client, renew);
      });
      if (outcome !== BEHIND) count('replica', reason);
      return outcome;
    } catch (error) {
      if (isServerLost(error) || isRecoveryConflict(error)) return BEHIND;
      throw error;
    }
  }

  async #onPrimary<T>(work: Work<T>, reason: Reason): Promise<T> {
    const primary = await this.topology.primary();
    if (primary === undefined) throw unreachable();
    const answer = await this.#runOn(primary, work);
    count('primary', reason);
    return answer;
  }

  /** Runs a read; if the primary is lost meanwhile, again on the server promoted in its place, if that is known. */
  async #runOn<T>(primary: PostgresServer, work: Work<T>): Promise<T> {
    try {
      return await primary.withConnection(work);
    } catch (error) {
      if (!isServerLost(error) || this.topology.isSingle) throw error;
      await this.topology.refresh();
      const other = await this.topology.primary();
      if (other === undefined || other === primary) throw error;
      return other.withConnection(work);
    }
  }

  async #onReachable<T>(work: Work<T>): Promise<T> {
    // The server with the newest position first, so that readers do not go back to older data.
    const servers = this.#byLoad(this.topology.reachable).sort((a, b) =>
      compareLsn(b.state?.lsn ?? '0/0', a.state?.lsn ?? '0/0'),
    );
    let last: unknown = unreachable();
    for (const server of servers) {
      try {
        const answer = await server.withConnection(work);
        count(server.role === 'primary' ? 'primary' : 'replica', reasons.primaryAway);
        return answer;
      } catch (error) {
        if (!isServerLost(error) && !isRecoveryConflict(error)) throw error;
        last = error;
      }
    }
    throw last;
  }
}

/** Asks a replica until it has replayed `position`; returns false when no pause is left before that. */
async function catchesUp(
  server: PostgresServer,
  client: pg.Client,
  position: Lsn,
  pauses: Iterator<number>,
): Promise<boolean> {
  for (;;) {
    const { rows } = await client.query<{ lsn: Lsn | null }>(READ_REPLAYED);
    const lsn = rows[0]?.lsn;
    if (typeof lsn === 'string') server.replayed(lsn);
    if (server.hasReplayed(position)) return true;
    const pause = pauses.next();
    if (pause.done === true) return false;
    await sleep(pause.value);
  }
}

const isServerLost = (error: unknown): boolean => isConnectionLoss(error) || isUnanswered(error);

function count(target: 'primary' | 'replica', reason: Reason): void {
  metrics.dbRoute.cell(target, reason).count += 1;
}
