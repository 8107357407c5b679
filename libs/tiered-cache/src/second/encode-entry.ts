import { qualities, type Answer } from '@mystocks/contracts';
import type { Lsn } from '@mystocks/kernel';
import type { Entry } from '../entry.js';

/** First byte of an encoded entry. Raise it when the layout changes, so that old entries count as absent. */
const LAYOUT = 2;
const HEAD = 5;

/** One byte for the layout, four bytes for the length of the JSON part, the JSON part, and the body as it is. */
export function encodeEntry({ answer, expiresAtMs, graceUntilMs, position: after }: Entry): Buffer {
  const { body, ...about } = answer;
  const meta = Buffer.from(JSON.stringify({ about, expiresAtMs, graceUntilMs, after }));
  const head = Buffer.alloc(HEAD);
  head.writeUInt8(LAYOUT, 0);
  head.writeUInt32BE(meta.length, 1);
  return Buffer.concat([head, meta, body]);
}

/** The entry; undefined when the bytes are not an entry of this layout. */
export function decodeEntry(bytes: Buffer): Entry | undefined {
  if (bytes.length < HEAD || bytes.readUInt8(0) !== LAYOUT) return undefined;
  const bodyAt = HEAD + bytes.readUInt32BE(1);
  if (bodyAt > bytes.length) return undefined;
  const meta = parsed(bytes.toString('utf8', HEAD, bodyAt));
  if (!isMeta(meta)) return undefined;
  const { about, expiresAtMs, graceUntilMs, after: position } = meta;
  return { answer: { ...about, body: bytes.subarray(bodyAt) }, expiresAtMs, graceUntilMs, position };
}

/** The JSON part. */
interface Meta extends Pick<Entry, 'expiresAtMs' | 'graceUntilMs'> {
  readonly about: Omit<Answer, 'body'>;
  /** Absent in JSON when the entry has no position. */
  readonly after?: Lsn;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isNumber = (value: unknown): boolean => typeof value === 'number';
const isText = (value: unknown): boolean => typeof value === 'string';
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const orAbsent =
  (test: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === undefined || test(value);

const META = { expiresAtMs: isNumber, graceUntilMs: isNumber, after: orAbsent(isText) };
const ABOUT = {
  etag: isText,
  tags: isTexts,
  ttl_ms: isNumber,
  built_at_ms: isNumber,
  swr_ms: orAbsent(isNumber),
  quality: orAbsent((value) => qualities.some((quality) => quality === value)),
  quality_at: orAbsent(isNumber),
  as_of: orAbsent(isText),
  immutable: orAbsent((value) => typeof value === 'boolean'),
};

function isMeta(value: unknown): value is Meta {
  return has(value, META) && 'about' in value && has(value.about, ABOUT);
}

function has(value: unknown, tests: Record<string, (field: unknown) => boolean>): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const fields = new Map(Object.entries(value));
  return Object.entries(tests).every(([name, test]) => test(fields.get(name)));
}
