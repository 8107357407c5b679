import { Injectable } from '@nestjs/common';
import { PostgresPool } from '@mystocks/connection-pool';
import type { Transaction } from '../transactions/ingest-transactions.js';

/** A block of a load: which file it is part of, and where in it. */
export interface LoadBlock {
  /** The sender and the file, as one text. */
  readonly load: string;
  readonly firstLine: number;
}

/** Where the keys of a block lie, so that most blocks of a file need not be compared key by key. */
export interface BlockBounds {
  /** Oldest and newest stamp of all its keys; undefined when it has none. */
  readonly stamps: readonly [number, number] | undefined;
  /** First and last key of each instrument and frame. */
  readonly ranges: readonly (readonly [number, number])[];
}

/** What a block states about itself when it is claimed. */
export interface BlockClaim {
  readonly bounds: BlockBounds;
  /** The packed keys and lines of the block. */
  readonly packed: Buffer;
  /** Frames, in minutes, that have days in this block which are rejected because of their stamps. */
  readonly refusedFrames: readonly number[];
}

/** A claimed block with its keys and lines, as they were packed. */
interface PackedBlock {
  readonly first_line: number;
  readonly key_lines: Buffer;
}

/** What is known from the blocks of the same load that were claimed earlier. */
interface EarlierClaims {
  /** First lines of the blocks that may share keys with this one. */
  readonly overlapping: readonly number[];
  /** Frames, in minutes, for which one of the blocks was rejected because of its stamps. */
  readonly refused_frames: readonly number[];
  /** Bars within the bounds of the block for which files were known to give different lines before the load began. */
  readonly contradicted: readonly number[];
}

/**
 * How long claims are kept: an hour less than idempotency keys, so that a file that is sent again under an expired key
 * meets no claim of the first time.
 */
const KEPT = `interval '47 hours'`;
/** Most contradicted bars that are stored; those that were seen last are kept. */
const BARS_MAX = 100_000;
/** Most expired claims that one statement deletes. */
export const EXPIRED_MAX = 1_000;

// A claim may be lost in a crash only while its block is not stored: the commit of the block waits for the disk and with it
// flushes the claim.
const begin = {
  name: 'load-begin',
  text: `WITH expired AS (DELETE FROM market_data.load_blocks WHERE load = $1 AND created_at < now() - ${KEPT})
    SELECT pg_advisory_xact_lock(hashtextextended($1, 17)), set_config('synchronous_commit', 'off', true)`,
};
// When a call is sent again, its block keeps the number of its first claim.
const claim = {
  name: 'load-claim',
  text: `WITH mine AS (
      INSERT INTO market_data.load_blocks AS b (load, first_line, stamps, ranges, key_lines, refused_frames)
      VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT (load, first_line) DO UPDATE
        SET stamps = excluded.stamps, ranges = excluded.ranges, key_lines = excluded.key_lines,
          refused_frames = excluded.refused_frames
      RETURNING seq),
    earlier AS (
      SELECT o.first_line, o.stamps && $3 AND o.ranges && $4 AS may_share, o.refused_frames, o.created_at
      FROM mine, market_data.load_blocks o WHERE o.load = $1 AND o.seq < mine.seq)
    SELECT coalesce(array_agg(first_line::float8) FILTER (WHERE may_share), '{}') AS overlapping,
      ARRAY(SELECT DISTINCT unnest(refused_frames) FROM earlier) AS refused_frames,
      ARRAY(SELECT bar::float8 FROM market_data.contradicted_bars
        WHERE bar BETWEEN lower($4::int8multirange) AND upper($4) AND bar <@ $4
          AND since < coalesce((SELECT min(created_at) FROM earlier), now())) AS contradicted
    FROM earlier`,
};
const keyLines = {
  name: 'load-key-lines',
  text: `SELECT first_line::float8 AS first_line, key_lines FROM market_data.load_blocks
    WHERE load = $1 AND first_line = ANY ($2)`,
};
const overlapping = {
  name: 'load-overlapping',
  text: `SELECT b.first_line::float8 AS first_line
    FROM unnest($2::bigint[]) WITH ORDINALITY AS wanted(first_line, place) JOIN market_data.load_blocks b USING (first_line)
    WHERE b.load = $1 AND b.stamps && $3 AND b.ranges && $4 ORDER BY wanted.place`,
};
const claimedBefore = {
  name: 'load-claimed-before',
  text: `SELECT o.first_line::float8 AS first_line, o.key_lines
    FROM market_data.load_blocks mine JOIN market_data.load_blocks o ON o.load = mine.load AND o.seq < mine.seq
    WHERE mine.load = $1 AND mine.first_line = $2 AND o.first_line > $3 ORDER BY o.first_line LIMIT $4`,
};
const claimedWithin = {
  name: 'load-claimed-within',
  text: `SELECT first_line::float8 AS first_line, key_lines FROM market_data.load_blocks
    WHERE load = $1 AND stamps && $2 AND ranges && $3 AND first_line > $4 ORDER BY first_line LIMIT $5`,
};
const anyUnstored = {
  name: 'load-any-unstored',
  text: `SELECT EXISTS (SELECT FROM market_data.load_blocks
    WHERE load = $1 AND first_line = ANY ($2) AND NOT stored) AS any`,
};
const store = {
  name: 'load-store',
  text: 'UPDATE market_data.load_blocks SET stored = true WHERE load = $1 AND first_line = $2 AND NOT stored',
};
const isStored = {
  name: 'load-is-stored',
  text: 'SELECT stored FROM market_data.load_blocks WHERE load = $1 AND first_line = $2',
};
const deleteExpired = {
  name: 'load-forget',
  text: `WITH lines AS (DELETE FROM market_data.withheld_lines WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM market_data.withheld_lines WHERE created_at < now() - ${KEPT} LIMIT ${BARS_MAX}
      FOR UPDATE SKIP LOCKED))),
    bars AS (DELETE FROM market_data.contradicted_bars WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM market_data.contradicted_bars
      WHERE seen_at < (SELECT seen_at FROM market_data.contradicted_bars ORDER BY seen_at DESC OFFSET ${BARS_MAX} LIMIT 1)
      LIMIT ${BARS_MAX} FOR UPDATE SKIP LOCKED)))
    DELETE FROM market_data.load_blocks WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM market_data.load_blocks WHERE created_at < now() - ${KEPT}
    ORDER BY created_at LIMIT ${EXPIRED_MAX} FOR UPDATE SKIP LOCKED))`,
};

const range = ([from, to]: readonly [number, number]): string => `[${from},${to}]`;

const boundsText = ({ stamps, ranges }: BlockBounds): [string, string] => [
  stamps === undefined ? 'empty' : range(stamps),
  `{${ranges.map(range).join(',')}}`,
];

/** Stores which blocks of each file were claimed, with their keys. Everything is read from the primary. */
@Injectable()
export class LoadBlocksRepository {
  constructor(private readonly pool: PostgresPool) {}

  /**
   * Claims the place of a block among the blocks of its load, in a short transaction of its own. Claims of one load run one
   * after the other, and each sees all earlier ones.
   */
  async claim({ load, firstLine }: LoadBlock, { bounds, packed, refusedFrames }: BlockClaim): Promise<EarlierClaims> {
    const values = [load, firstLine, ...boundsText(bounds), packed, refusedFrames];
    const { value } = await this.pool.write(async (client) => {
      await client.query({ ...begin, values: [load] });
      return client.query<EarlierClaims>({ ...claim, values });
    });
    return value.rows[0] ?? { overlapping: [], refused_frames: [], contradicted: [] };
  }

  /** The keys of claimed blocks with their lines, as they were packed. */
  async keyLines(load: string, firstLines: readonly number[]): Promise<PackedBlock[]> {
    const { value } = await this.pool.write((client) =>
      client.query<PackedBlock>({ ...keyLines, values: [load, firstLines] }),
    );
    // The rows are removed from the result, because a connection keeps its last result in memory.
    return value.rows.splice(0);
  }

  /** Those of the blocks, in their order, that may have keys within these bounds. */
  async overlapping(load: string, firstLines: readonly number[], bounds: BlockBounds): Promise<number[]> {
    const values = [load, firstLines, ...boundsText(bounds)];
    const { value } = await this.pool.write((client) =>
      client.query<{ first_line: number }>({ ...overlapping, values }),
    );
    return value.rows.map(({ first_line }) => first_line);
  }

  /** At most `limit` of the blocks that were claimed before a block, with their keys: those that begin behind a line. */
  async claimedBefore({ load, firstLine }: LoadBlock, behind: number, limit: number): Promise<PackedBlock[]> {
    const { value } = await this.pool.write((client) =>
      client.query<PackedBlock>({ ...claimedBefore, values: [load, firstLine, behind, limit] }),
    );
    return value.rows.splice(0);
  }

  /** At most `limit` of the blocks of a load that may have keys within these bounds: those that begin behind a line. */
  async claimedWithin(
    { client }: Transaction,
    load: string,
    { bounds, behind, limit }: { readonly bounds: BlockBounds; readonly behind: number; readonly limit: number },
  ): Promise<PackedBlock[]> {
    const values = [load, ...boundsText(bounds), behind, limit];
    return (await client.query<PackedBlock>({ ...claimedWithin, values })).rows.splice(0);
  }

  /** Whether one of these blocks is not stored yet. */
  async anyUnstored(load: string, firstLines: readonly number[]): Promise<boolean> {
    const { value } = await this.pool.write((client) =>
      client.query<{ any: boolean }>({ ...anyUnstored, values: [load, firstLines] }),
    );
    return value.rows[0]?.any === true;
  }

  /**
   * Marks the block as stored in the transaction that stores it. A second run of the same block waits here for the
   * first one.
   * @returns false when the block is stored already
   */
  async store({ client }: Transaction, { load, firstLine }: LoadBlock): Promise<boolean> {
    const { rowCount } = await client.query({ ...store, values: [load, firstLine] });
    if (rowCount === 1) return true;
    const { rows } = await client.query<{ stored: boolean }>({ ...isStored, values: [load, firstLine] });
    return rows[0]?.stored !== true;
  }

  /** Marks a block as stored when it was stored under its idempotency key before this claim. */
  async markStored({ load, firstLine }: LoadBlock): Promise<void> {
    await this.pool.write((client) => client.query({ ...store, values: [load, firstLine] }));
  }

  /** Deletes some of the expired claims and returns their number. */
  async deleteExpired(): Promise<number> {
    const { value } = await this.pool.write((client) => client.query(deleteExpired));
    return value.rowCount ?? 0;
  }
}
