import { hash } from 'node:crypto';
import { fixedNames, hashedTables, literal, sql, type Sql } from '@mystocks/connection-pool';
import type { Lsn } from '@mystocks/kernel';

/*
 * What lives in TDengine, in a database of its own, because KEEP is of a database: bars are kept for ever, entries not.
 * All that stands in a column or tag is a number, hexadecimal or base64.
 *
 * cache_entries: an answer as `encodeKept` writes it, in base64 (a third more than the bytes; VARBINARY would go over REST
 * in hexadecimal, twice the bytes), cut into `parts` that fit a row of 64 KB. Every part has a child table of its own and
 * the lease's fence for its time, so the newest of each table belong together when they have one `fence` and `digest`. An
 * entry is there when all its parts are. Times are milliseconds and fences microseconds: of two leases that two instances
 * give within one millisecond the answer that lands later stands, whole. `life`: see `lives`. `shows`: the log position
 * it was asked for after.
 *
 * cache_stamps: when (`fence`) and at which position (`lsn`) a tag was invalidated, or when a tag, a key or everything was
 * dropped. What is older than its stamps is invalidated or gone, whichever process wrote it and however late it arrives.
 *
 * `writer`: the opening that wrote. Fences of one follow each other; those of two are only as good as their clocks.
 */

export const DATABASE = 'mystocks_cache';

/** Longer than the longest life. */
const KEEP_DAYS = 31;
const DAY_MS = 86_400_000;

/**
 * How long entries are of use, rounded up: what is older is removed by its time alone, no row is looked at. TDengine
 * drops their tables by itself some days after they were made; an entry still in use then is asked for again. Whatever
 * is written removes what is older and would outlive it.
 */
export const lives = [
  { life: 0, ms: DAY_MS / 24, tableDays: 2 },
  { life: 1, ms: DAY_MS, tableDays: 3 },
  { life: 2, ms: 30 * DAY_MS, tableDays: 32 },
] as const;
export type Life = (typeof lives)[number];

/** Entries of more than the longest life end with it. */
export function lifeOf(usefulMs: number): Life {
  return lives.find(({ ms }) => usefulMs <= ms) ?? lives[2];
}

/** Characters of base64 in one row: with the rest of it less than 64 KB. A multiple of four, so that parts can be joined. */
export const PART_CHARACTERS = 60_000;
/** Names of tags with a blank each; an answer has 200 at most. */
const TAGS_CHARACTERS = 4_400;

/** The name of a key or tag in TDengine. */
export const nameOf = (kind: 'key' | 'tag', text: string): string =>
  hash('sha256', `${kind} ${text}`, 'hex').slice(0, kind === 'key' ? 32 : 20);

/** A log position as a number that grows with it. */
export function numberOf(lsn: Lsn): bigint {
  const [high = '', low = ''] = lsn.split('/');
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}

/** Stands for every entry in the stamps. */
export const EVERYTHING = 'everything';

const table = hashedTables('entry', 'stamp');
const tableOf = (word: 'entry' | 'stamp', ...parts: readonly (string | number)[]): Sql =>
  table(word, hash('sha256', parts.join(' '), 'hex').slice(0, 32));

export const entryTable = (key: string, life: number, part: number): Sql => tableOf('entry', key, life, part);
export const stampTable = (name: string, dropped: boolean): Sql => tableOf('stamp', name, dropped ? 'drop' : 'write');

/** Makes what is missing, in this order; may run any number of times. */
export function schemaStatements(database: string): Sql[] {
  const [name, part, tags] = [fixedNames(database)(database), PART_CHARACTERS, TAGS_CHARACTERS];
  return [
    sql`CREATE DATABASE IF NOT EXISTS ${name} VGROUPS 2 PRECISION 'ms' KEEP ${literal.integer(KEEP_DAYS)}`,
    sql`CREATE STABLE IF NOT EXISTS cache_entries (ts TIMESTAMP, fence BIGINT, writer BIGINT, parts INT, digest VARCHAR(32), shows BIGINT,
      expires_at TIMESTAMP, grace_until TIMESTAMP, tag_names VARCHAR(${literal.integer(tags)}),
      body VARCHAR(${literal.integer(part)})) TAGS (key_hash VARCHAR(32), life TINYINT, part INT)`,
    sql`CREATE STABLE IF NOT EXISTS cache_stamps (ts TIMESTAMP, fence BIGINT, writer BIGINT, lsn BIGINT)
      TAGS (name VARCHAR(32), dropped BOOL)`,
  ];
}
