import type { LeasedEntry } from './tier.js';

const ENTRIES_MAX = 64;
const BYTES_MAX = 2 * 1024 * 1024;

/** Splits entries, in their order, into groups for one round trip each: bounded in number and, unless one entry is larger, in bytes. */
export function* chunksOf(entries: readonly LeasedEntry[]): Generator<LeasedEntry[]> {
  let chunk: LeasedEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = entry.entry.answer.body.length;
    if (chunk.length === ENTRIES_MAX || (chunk.length > 0 && bytes + size > BYTES_MAX)) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(entry);
    bytes += size;
  }
  if (chunk.length > 0) yield chunk;
}
