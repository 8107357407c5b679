import { chunked } from '@mystocks/kernel';
import { insertStatements, joinSql, literal, sql, type Sql, type TdengineAnswer } from '@mystocks/connection-pool';
import type { LeasedEntry, Entry } from '@mystocks/tiered-cache';
import {
  headColumns,
  headOf,
  partsOf,
  restColumns,
  startColumns,
  startOf,
  timeOf,
  wholeOf,
  type EntryHead,
  type EntryStart,
} from './entry-rows.js';
import { lives } from './tdengine-schema.js';

/** Runs one statement, within the limits of the operation it belongs to. */
export type Ask = (statement: Sql) => Promise<TdengineAnswer>;

/** Patterns in one statement. */
const PATTERNS_MAX = 50;

/** The newest entry of each of the keys with these names, without what follows its first row. */
export async function readStarts(ask: Ask, names: readonly string[]): Promise<Map<string, EntryStart>> {
  const { rows } = await ask(sql`SELECT ${startColumns} FROM cache_entries
    WHERE part = 0 AND key_hash IN (${textsOf(names)}) PARTITION BY key_hash, life`);
  return newest(rows.map(startOf));
}

export async function readHeads(ask: Ask, names: readonly string[]): Promise<Map<string, EntryHead>> {
  const { rows } = await ask(sql`SELECT ${headColumns} FROM cache_entries
    WHERE part = 0 AND key_hash IN (${textsOf(names)}) PARTITION BY key_hash, life`);
  return newest(rows.map(headOf));
}

/** The entries that have one of the tags with these names. A scan of all: for operators, not for reads. */
export async function readTagged(ask: Ask, tags: readonly string[]): Promise<Map<string, EntryHead>> {
  const found: EntryHead[] = [];
  for (const some of chunked(tags, PATTERNS_MAX)) {
    const patterns = some.map((tag) => sql`tag_names LIKE ${literal.text(`%${tag}%`)}`);
    const { rows } = await ask(sql`SELECT ${headColumns} FROM cache_entries
      WHERE part = 0 AND (${joinSql(patterns, ' OR ')}) PARTITION BY key_hash, life`);
    found.push(...rows.map(headOf));
  }
  return newest(found);
}

/** The rest of an entry, and so the whole; nothing when it was written in part, or is being overwritten. */
export async function readWhole(ask: Ask, start: EntryStart): Promise<Entry | undefined> {
  if (start.parts === 1) return wholeOf(start, []);
  const { rows } = await ask(sql`SELECT ${restColumns} FROM cache_entries
    WHERE key_hash = ${literal.text(start.name)} AND life = ${literal.integer(start.life)} AND part > 0
    AND ts = ${literal.timestamp(timeOf(start.fence))}`);
  return wholeOf(start, rows);
}

/** Removes what was written under the names of these heads for as long a life, up to them. */
export async function removeEntries(ask: Ask, heads: readonly EntryHead[]): Promise<void> {
  for (const [life, of] of Map.groupBy(heads, ({ life }) => life)) {
    await ask(sql`DELETE FROM cache_entries WHERE life = ${literal.integer(life)}
      AND key_hash IN (${textsOf(of.map(({ name }) => name))})
      AND ts <= ${literal.timestamp(timeOf(Math.max(...of.map(({ fence }) => fence))))}`);
  }
}

/** Writes entries; says of each whether it can be written at all. */
export async function writeEntries(ask: Ask, entries: readonly LeasedEntry[], writer: number): Promise<boolean[]> {
  const parts = entries.map((entry) => partsOf(entry, writer));
  for (const statement of insertStatements(parts.flatMap((rows) => rows ?? []))) await ask(statement);
  return parts.map((rows) => rows !== undefined);
}

/** The fence of the newest entry of all. */
export async function newestFence(ask: Ask): Promise<number> {
  const { rows } = await ask(sql`SELECT LAST_ROW(fence) AS fence FROM cache_entries`);
  return Number(rows[0]?.[0] ?? 0);
}

/** Removes what is past its life. */
export async function removeOldEntries(ask: Ask, nowMs: number): Promise<void> {
  for (const { life, ms } of lives) {
    await ask(sql`DELETE FROM cache_entries
      WHERE life = ${literal.integer(life)} AND ts < ${literal.timestamp(Math.floor(nowMs - ms))}`);
  }
}

/** Texts as they stand in a list. */
export const textsOf = (texts: readonly string[]): Sql => joinSql(texts.map(literal.text), ',');

function newest<T extends EntryHead>(heads: readonly T[]): Map<string, T> {
  const found = new Map<string, T>();
  for (const head of heads) {
    const other = found.get(head.name);
    if (other === undefined || other.fence < head.fence) found.set(head.name, head);
  }
  return found;
}
