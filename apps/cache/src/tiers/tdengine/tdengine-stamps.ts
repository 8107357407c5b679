import { chunked } from '@mystocks/kernel';
import { insertStatements, type TableRows, joinSql, literal, sql, type TdengineValue } from '@mystocks/connection-pool';
import { timeOf } from './entry-rows.js';
import { textsOf, type Ask } from './tdengine-entries.js';
import { EVERYTHING, stampTable } from './tdengine-schema.js';

/** A write or drop that touched a name. */
interface Stamp {
  readonly fence: number;
  readonly writer: number;
  /** 0 for a drop. */
  readonly lsn: bigint;
}

/** The stamps of some names. */
export interface Stamps {
  readonly invalidated: ReadonlyMap<string, readonly Stamp[]>;
  readonly dropped: ReadonlyMap<string, readonly Stamp[]>;
  /** The newest of all these fences, 0 when there is none. */
  readonly newest: number;
}

export const NO_STAMPS: Stamps = { invalidated: new Map(), dropped: new Map(), newest: 0 };

/** How far the clocks of two instances may be apart. What one wrote so soon after a stamp of another counts as before. */
const CLOCKS_APART_MS = 1_000;
/** Names in one statement. */
const NAMES_MAX = 500;
/** Longer than any stamp is under way. */
const SETTLED_AFTER_MS = 10_000;
/** Names tidied at once; what more there is lies until KEEP removes it. */
const WRITTEN_MAX = 20_000;

/** What an entry's stamps are found under. */
export const namesOf = (name: string, tags: readonly string[]): string[] => [EVERYTHING, name, ...tags];

/**
 * The stamps of `names` that may concern what has a fence from `since` on. To be read after what they are to judge, so
 * that none is missing.
 */
export async function readStamps(ask: Ask, names: ReadonlySet<string>, since: number): Promise<Stamps> {
  const [invalidated, dropped] = [new Map<string, Stamp[]>(), new Map<string, Stamp[]>()];
  let newest = 0;
  for (const some of chunked([...names], NAMES_MAX)) {
    const { rows } = await ask(sql`SELECT name, dropped, fence, writer, lsn FROM cache_stamps
      WHERE name IN (${textsOf(some)}) AND ts >= ${literal.timestamp(timeOf(since) - CLOCKS_APART_MS)}`);
    for (const [name, isDrop, ...stamped] of rows) {
      const of = isDrop === true ? dropped : invalidated;
      const stamp = stampOf(stamped);
      of.set(String(name), [...(of.get(String(name)) ?? []), stamp]);
      newest = Math.max(newest, stamp.fence);
    }
  }
  return { invalidated, dropped, newest };
}

/** What is asked for under a fence, and with which tags. */
export interface Judged {
  /** Of the key. */
  readonly name: string;
  readonly fence: number;
  readonly writer: number;
  readonly tags: readonly string[];
  /** The position it was asked for after. */
  readonly shows: bigint | undefined;
}

/** What has become of an answer since its lease was given. */
export function judged({ name, fence, writer, tags, shows }: Judged, stamps: Stamps): 'good' | 'invalidated' | 'gone' {
  const isLater = (stamp: Stamp): boolean =>
    stamp.fence + (stamp.writer === writer ? 0 : CLOCKS_APART_MS * 1_000) >= fence;
  const isDropped = (of: string): boolean => stamps.dropped.get(of)?.some(isLater) ?? false;
  if (namesOf(name, tags).some(isDropped)) return 'gone';
  const isMissed = (stamp: Stamp): boolean => isLater(stamp) && (shows === undefined || shows < stamp.lsn);
  return tags.some((tag) => stamps.invalidated.get(tag)?.some(isMissed) ?? false) ? 'invalidated' : 'good';
}

/** Writes stamps, and removes those that say no more than later ones. */
export class TdengineStamps {
  /** Names with new stamps since the last tidying. */
  readonly #written = { false: new Set<string>(), true: new Set<string>() };
  #lastMs = 0;

  constructor(private readonly writer: number) {}

  invalidate(ask: Ask, names: readonly string[], fence: number, lsn: bigint): Promise<void> {
    return this.#stamp(ask, false, names, { fence, writer: this.writer, lsn });
  }

  drop(ask: Ask, names: readonly string[], fence: number): Promise<void> {
    return this.#stamp(ask, true, names, { fence, writer: this.writer, lsn: 0n });
  }

  /**
   * Puts together what was stamped since the last time: of each name the newest is written once more, and what is older
   * than that removed. Only what has settled, so that nothing that is just being written is lost.
   */
  async tidy(ask: Ask, nowMs: number): Promise<void> {
    const timeMs = Math.floor(nowMs) - SETTLED_AFTER_MS;
    for (const dropped of [false, true]) {
      const names = this.#written[`${dropped}`];
      const since = [...names];
      names.clear();
      for (const some of chunked(since, NAMES_MAX)) {
        const ofThese = sql`name IN (${textsOf(some)}) AND dropped = ${literal.boolean(dropped)}`;
        const { rows } = await ask(sql`SELECT name, fence, writer, lsn FROM cache_stamps
          WHERE ${ofThese} AND ts <= ${literal.timestamp(timeMs)}`);
        const merged = new Map<string, Stamp>();
        for (const [name, ...stamped] of rows)
          merged.set(String(name), mergedOf(merged.get(String(name)), stampOf(stamped)));
        const put = [...merged].map(([name, stamp]) => rowOf(name, dropped, timeMs, stamp));
        for (const statement of insertStatements(put)) await ask(statement);
        await ask(sql`DELETE FROM cache_stamps WHERE ${ofThese} AND ts < ${literal.timestamp(timeMs)}`);
      }
    }
  }

  async #stamp(ask: Ask, dropped: boolean, names: readonly string[], stamp: Stamp): Promise<void> {
    const written = this.#written[`${dropped}`];
    for (const name of names) if (written.size < WRITTEN_MAX) written.add(name);
    // A time of its own, or it would take the place of one of the same millisecond.
    this.#lastMs = Math.max(this.#lastMs + 1, timeOf(stamp.fence));
    const rows = names.map((name) => rowOf(name, dropped, this.#lastMs, stamp));
    for (const statement of insertStatements(rows)) await ask(statement);
  }
}

const stampOf = ([fence, writer, lsn]: readonly TdengineValue[]): Stamp => ({
  fence: Number(fence),
  writer: Number(writer),
  lsn: typeof lsn === 'bigint' ? lsn : 0n,
});

/** The newest, at the latest position. */
function mergedOf(one: Stamp | undefined, other: Stamp): Stamp {
  if (one === undefined) return other;
  const newest = one.fence >= other.fence ? one : other;
  return { ...newest, lsn: one.lsn > other.lsn ? one.lsn : other.lsn };
}

function rowOf(name: string, dropped: boolean, timeMs: number, { fence, writer, lsn }: Stamp): TableRows {
  const values = [literal.timestamp(timeMs), literal.integer(fence), literal.integer(writer), literal.integer(lsn)];
  const tags = sql`${literal.text(name)},${literal.boolean(dropped)}`;
  const head = sql`${stampTable(name, dropped)} USING cache_stamps TAGS (${tags}) VALUES`;
  return { head, rows: [sql`(${joinSql(values, ',')})`] };
}
