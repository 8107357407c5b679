import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { insertStatements, type TableRows } from '@mystocks/connection-pool';
import { tdengineTokensOf as tokensOf } from '@mystocks/testing';
import { ENTRY_BYTES_MAX, type LeasedEntry } from '@mystocks/tiered-cache';
import fc from 'fast-check';
import { partsOf, wholeOf, type EntryStart } from './entry-rows.js';

const WRITER = 42;
const NOW_MS = 1_767_571_200_000;
const HOUR_MS = 3_600_000;

function entryOf(
  body: Buffer,
  more: { tags?: string[]; etag?: string; key?: string; graceUntilMs?: number } = {},
): LeasedEntry {
  const { tags = [], etag = '"e"', key = 'key', graceUntilMs = NOW_MS + 900_000 } = more;
  const answer = { body, etag, tags, ttl_ms: 60_000, built_at_ms: 1 };
  const kept = { answer, expiresAtMs: NOW_MS + 60_000, graceUntilMs, position: '16/B374D848' };
  return { entry: kept, lease: { key, fence: NOW_MS * 1_000 + 7 } };
}

const textOf = ({ head, rows }: TableRows): string => [head, ...rows].map(({ text }) => text).join(' ');

/** What a server reads in a part: the child table, its tags and values, in their order. */
function readPart(text: string): { table: string; tags: string[]; values: string[] } {
  const words = tokensOf(text).map((token) => token.text);
  const list = (after: string, from = 0): string[] => {
    const start = words.indexOf(after, from) + 2;
    return words.slice(start, words.indexOf(')', start)).filter((word) => word !== ',');
  };
  return { table: words[0]!, tags: list('tags'), values: list('values') };
}

/** The parts as TDengine would give them back. */
function stored(entry: LeasedEntry): { start: EntryStart; rest: [bigint, bigint, string, string][] } {
  const rows = (partsOf(entry, WRITER) ?? []).map((part) => readPart(textOf(part)));
  const [first, ...others] = rows.reverse();
  const [, fence, writer, parts, digest, shows, expires, grace, tags, body] = first!.values;
  const start = {
    ...{ name: first!.tags[0]!, life: Number(first!.tags[1]), fence: Number(fence), writer: Number(writer) },
    parts: Number(parts),
    ...{ digest: digest!, shows: BigInt(shows!), expiresAtMs: Number(expires), graceUntilMs: Number(grace) },
    ...{ tags: tags!.split(' '), body: body! },
  };
  const rest = others.map(({ tags: its, values }): [bigint, bigint, string, string] => [
    ...([BigInt(its[2]!), BigInt(values[1]!)] as const),
    ...([values[4]!, values[9]!] as const),
  ]);
  return { start, rest };
}

describe('an entry in rows', () => {
  it.each([0, 1, 44_000, 45_000, 200_000])('comes back whole with a body of %i bytes', (length) => {
    const entry = entryOf(randomBytes(length));
    const { start, rest } = stored(entry);
    expect(start.parts).toBe(rest.length + 1);
    expect(wholeOf(start, rest)).toEqual(entry.entry);
  });

  it('comes back whole whatever it holds, and nothing of it stands in SQL but hexadecimal, base64 and numbers', () => {
    const text = fc.string({ unit: 'binary', maxLength: 40 });
    const tags = fc.array(fc.string({ unit: 'binary', maxLength: 32 }), { maxLength: 20 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), text, text, tags, (body, key, etag, some) => {
        const entry = entryOf(Buffer.from(body), {
          key,
          etag: JSON.stringify(etag),
          tags: some,
        });
        const parts = partsOf(entry, WRITER) ?? [];
        for (const part of parts) {
          expect(textOf(part).replaceAll(/'[A-Za-z0-9+/= ]*'/g, '')).toMatch(
            /^entry_[0-9a-f]{32} [A-Za-z0-9_,() \n]*$/,
          );
        }
        const { start, rest } = stored(entry);
        expect(wholeOf(start, rest)?.answer).toEqual(entry.entry.answer);
      }),
      { numRuns: 100 },
    );
  });

  it('an entry in rows is not there when a part is missing, or is of another entry', () => {
    const { start, rest } = stored(entryOf(randomBytes(200_000)));
    const other = stored(entryOf(randomBytes(200_000)));
    for (const place of rest.keys()) {
      expect(wholeOf(start, rest.toSpliced(place, 1))).toBeUndefined();
      expect(wholeOf(start, rest.toSpliced(place, 1, other.rest[place]!))).toBeUndefined();
    }
    expect(wholeOf(start, rest.toReversed())).toBeDefined();
    expect(wholeOf({ ...start, fence: start.fence + 1 }, rest)).toBeUndefined();
  });

  it('does not take a body that is too large', () => {
    expect(partsOf(entryOf(Buffer.alloc(ENTRY_BYTES_MAX + 1)), WRITER)).toBeUndefined();
  });

  it('lies with those that are of use as long', () => {
    const lifeFor = (ms: number): string | undefined => {
      const [part] = partsOf(entryOf(Buffer.from('{}'), { graceUntilMs: NOW_MS + ms }), WRITER) ?? [];
      return readPart(textOf(part!)).tags[1];
    };
    expect([1, HOUR_MS, HOUR_MS + 1, 24 * HOUR_MS, 25 * HOUR_MS, 400 * 24 * HOUR_MS].map(lifeFor)).toEqual([
      '0',
      '0',
      '1',
      '1',
      '2',
      '2',
    ]);
  });

  it('fits statements of 1 MB, the first part in the last of them', () => {
    const parts =
      partsOf(
        entryOf(randomBytes(ENTRY_BYTES_MAX), { tags: Array.from({ length: 200 }, (_, n) => `tag-${n}`) }),
        WRITER,
      ) ?? [];
    const statements = insertStatements(parts).map(({ text }) => text);
    expect(Math.max(...statements.map((text) => text.length))).toBeLessThan(1_048_576);
    expect(statements.length).toBeLessThan(8);
    expect(statements.map((text) => text.split(' USING ').length - 1).reduce((a, b) => a + b)).toBe(parts.length);
    expect(statements.at(-1)).toContain(textOf(parts.at(-1)!));
    expect(insertStatements([])).toEqual([]);
  });
});
