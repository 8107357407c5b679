import type { Answer } from '@mystocks/contracts';
import type { Kept } from './kept.js';

/** First byte of an encoded entry; raise it when the layout changes, so that old entries read as absent. */
const LAYOUT = 1;
const HEAD = 5;

/** One byte layout, four bytes length of the JSON part, the JSON part, the body as it is. */
export function encodeKept({ answer, expiresAtMs, after }: Kept): Buffer {
  const { body, ...about } = answer;
  const meta = Buffer.from(JSON.stringify({ about, expiresAtMs, after }));
  const head = Buffer.alloc(HEAD);
  head.writeUInt8(LAYOUT, 0);
  head.writeUInt32BE(meta.length, 1);
  return Buffer.concat([head, meta, body]);
}

/** The entry, or nothing when the bytes are not one of ours. */
export function decodeKept(bytes: Buffer): Kept | undefined {
  if (bytes.length < HEAD || bytes.readUInt8(0) !== LAYOUT) return undefined;
  const bodyAt = HEAD + bytes.readUInt32BE(1);
  if (bodyAt > bytes.length) return undefined;
  const meta = parsed(bytes.toString('utf8', HEAD, bodyAt));
  if (!isMeta(meta)) return undefined;
  return { answer: { ...meta.about, body: bytes.subarray(bodyAt) }, expiresAtMs: meta.expiresAtMs, after: meta.after };
}

interface Meta {
  readonly about: Omit<Answer, 'body'>;
  readonly expiresAtMs: number;
  readonly after: string | undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isMeta(value: unknown): value is Meta {
  if (typeof value !== 'object' || value === null || !('about' in value) || !('expiresAtMs' in value)) return false;
  const { about, expiresAtMs } = value;
  if (typeof about !== 'object' || about === null || typeof expiresAtMs !== 'number') return false;
  const afterIsRight = !('after' in value) || typeof value.after === 'string';
  return (
    afterIsRight && 'etag' in about && typeof about.etag === 'string' && 'tags' in about && Array.isArray(about.tags)
  );
}
