import { hash } from 'node:crypto';
import { joinSql, literal, sql, type TableRows, type TdengineValue } from '@mystocks/connection-pool';
import { decodeEntry, encodeEntry, ENTRY_BYTES_MAX, type LeasedEntry, type Entry } from '@mystocks/tiered-cache';
import { entryTable, lifeOf, nameOf, numberOf, PART_CHARACTERS, type Life } from './tdengine-schema.js';

/** What can be known of an entry without its body. */
export interface EntryHead {
  /** Of the key. */
  readonly name: string;
  /** See `lives`. */
  readonly life: number;
  readonly fence: number;
  readonly writer: number;
  /** The position it was asked for after. */
  readonly shows: bigint | undefined;
  readonly expiresAtMs: number;
  readonly graceUntilMs: number;
  /** Names of its tags. */
  readonly tags: readonly string[];
}

/** The first row of an entry. */
export interface EntryStart extends EntryHead {
  readonly parts: number;
  readonly digest: string;
  readonly body: string;
}

const columns = sql`ts,fence,writer,parts,digest,shows,expires_at,grace_until,tag_names,body`;

/** In the order of {@link headOf}. */
export const headColumns = sql`key_hash, life, LAST_ROW(fence) AS fence, LAST_ROW(writer) AS writer, LAST_ROW(shows) AS shows,
  LAST_ROW(expires_at) AS expires_at, LAST_ROW(grace_until) AS grace_until, LAST_ROW(tag_names) AS tag_names`;

/** In the order of {@link startOf}. */
export const startColumns = sql`${headColumns}, LAST_ROW(parts) AS parts, LAST_ROW(digest) AS digest,
  LAST_ROW(body) AS body`;

type Row = readonly TdengineValue[];

export function headOf([name, life, fence, writer, shows, expires, grace, tags]: Row): EntryHead {
  return {
    name: String(name),
    life: Number(life),
    fence: Number(fence),
    writer: Number(writer),
    shows: typeof shows === 'bigint' ? shows : undefined,
    expiresAtMs: Number(expires),
    graceUntilMs: Number(grace),
    tags: String(tags).split(' ').filter(Boolean),
  };
}

export function startOf(row: Row): EntryStart {
  const [parts, digest, body] = row.slice(8);
  const more = { parts: Number(parts), digest: String(digest), body: String(body) };
  return { ...headOf(row), ...more };
}

/**
 * The rows of all parts of an entry. The first part is the last row, because readers begin with it. Undefined for a body
 * that is too large.
 */
export function partsOf({ entry: kept, lease }: LeasedEntry, writer: number): TableRows[] | undefined {
  if (kept.answer.body.length > ENTRY_BYTES_MAX) return undefined;
  const bytes = encodeEntry(kept);
  const text = bytes.toString('base64');
  const tags = kept.answer.tags.map((tag) => nameOf('tag', tag));
  const after = kept.position === undefined ? literal.null : literal.integer(numberOf(kept.position));
  const life = lifeFor({ entry: kept, lease });
  const count = Math.ceil(text.length / PART_CHARACTERS);
  const common = joinSql(
    [
      ...[literal.timestamp(timeOf(lease.fence)), literal.integer(lease.fence), literal.integer(writer)],
      literal.integer(count),
      ...[literal.text(hash('sha256', bytes, 'hex').slice(0, 32)), after],
      ...[kept.expiresAtMs, kept.graceUntilMs].map((ms) => literal.timestamp(Math.floor(ms))),
      literal.text(tags.join(' ')),
    ],
    ',',
  );
  const name = nameOf('key', lease.key);
  const parts = Array.from({ length: count }, (_, part) => {
    const body = literal.text(text.slice(part * PART_CHARACTERS, (part + 1) * PART_CHARACTERS));
    const its = [literal.text(name), literal.integer(life.life), literal.integer(part)];
    const head = sql`${entryTable(name, life.life, part)} USING cache_entries TAGS (${joinSql(its, ',')})
      TTL ${literal.integer(life.tableDays)} (${columns}) VALUES`;
    return { head, rows: [sql`(${common},${body})`] };
  });
  return parts.reverse();
}

/** Counted from its fence on: that is the time of its rows. */
export const lifeFor = ({ entry: kept, lease }: LeasedEntry): Life => lifeOf(kept.graceUntilMs - lease.fence / 1_000);

/** The time of the rows of a fence, epoch ms. */
export const timeOf = (fence: number): number => Math.floor(fence / 1_000);

/** The entry, from its parts in their order; nothing when one is missing or belongs to another. */
export function wholeOf(start: EntryStart, rest: readonly Row[]): Entry | undefined {
  const byPart = new Map(rest.map(([part, fence, digest, body]) => [Number(part), { fence, digest, body }]));
  let text = start.body;
  for (let part = 1; part < start.parts; part += 1) {
    const found = byPart.get(part);
    if (found === undefined || Number(found.fence) !== start.fence || found.digest !== start.digest) return undefined;
    text += String(found.body);
  }
  return decodeEntry(Buffer.from(text, 'base64'));
}

/** What is asked of the parts after the first, in the order of {@link wholeOf}. */
export const restColumns = sql`part, fence, digest, body`;
