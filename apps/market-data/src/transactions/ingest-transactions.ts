import { Injectable } from '@nestjs/common';
import { PostgresPool, type Written, type WritingClient } from '@mystocks/connection-pool';
import { Failure } from '@mystocks/contracts';
import { remainingMs, systemClock } from '@mystocks/kernel';
import { currentContext } from '@mystocks/telemetry';

/** The transaction in which a block of bars, instruments or quotes is stored. */
export interface Transaction {
  readonly client: WritingClient;
  /** False after a collision with another block: now its rows stand, so merge with them instead of copying. */
  readonly straight: boolean;
}

const TRIES_MAX = 3;
const PAUSE_MAX_MS = 50;
// A block is bounded in bytes; this bounds what a lock can cost.
const STATEMENT_TIMEOUT_MS = 25_000;

/** Runs transactions that store market data, again when another block got in the way. */
@Injectable()
export class IngestTransactions {
  constructor(private readonly pool: PostgresPool) {}

  /**
   * All of `work` is stored, or nothing. It may run up to three times, so whatever it does outside the transaction must
   * bear that.
   * @throws {Failure} `unavailable` when other blocks collided with it every time, `timeout` past the caller's deadline
   */
  async run<T>(work: (transaction: Transaction) => Promise<T>): Promise<Written<T>> {
    for (let tries = 1; ; tries += 1) {
      try {
        const statementTimeoutMs = timeLeftMs();
        return await this.pool.write((client) => work({ client, straight: tries === 1 }), { statementTimeoutMs });
      } catch (error) {
        if (!isCollision(error)) throw error;
        if (tries === TRIES_MAX) throw collided(error);
        // Two blocks that met once would meet again if both came back at the same moment.
        await new Promise((resolve) => setTimeout(resolve, Math.random() * PAUSE_MAX_MS * tries));
      }
    }
  }
}

function timeLeftMs(): number {
  const leftMs = remainingMs(STATEMENT_TIMEOUT_MS, currentContext()?.deadlineMs, systemClock.now());
  // 0 would be no limit at all to PostgreSQL.
  if (leftMs < 1) throw new Failure('timeout', 'The deadline passed before the transaction began');
  return leftMs;
}

// unique_violation, deadlock_detected
const COLLISIONS = new Set(['23505', '40P01']);
const isCollision = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && COLLISIONS.has(error.code);

const collided = (cause: unknown): Failure =>
  new Failure('unavailable', 'Other writes of the same rows got in the way; nothing of this one was stored', {
    retryAfterS: 1,
    cause,
  });
