import { createHash } from 'node:crypto';
import type { Answer, Quality } from '@mystocks/contracts';

/** A finished JSON document as an answer; its entity tag is a hash of the bytes. */
export function answerOfJson(json: string, rest: Omit<Answer, 'body' | 'etag'>): Answer {
  const body = Buffer.from(json);
  return { body, etag: `"${createHash('sha1').update(body).digest('base64url')}"`, ...rest };
}

/** Market data with what is to be known about it. */
export interface MarketData {
  /** Members of the document as JSON, without braces. */
  readonly members: string;
  /** What `meta` says besides currency, source, quality and time. */
  readonly facts?: Readonly<Record<string, unknown>>;
  /** Nothing when no value is inside. */
  readonly quality: Quality | undefined;
  /** RFC 3339, of the newest value inside. */
  readonly asOf: string | undefined;
}

/** The document `{members,meta}` as an answer that knows where its quality lies. */
export function answerOfMarketData(
  { members, facts, quality, asOf }: MarketData,
  rest: Pick<Answer, 'tags' | 'ttl_ms' | 'swr_ms' | 'immutable' | 'built_at_ms'>,
): Answer {
  const before = JSON.stringify({ ...facts, currency: 'CNY', source: 'stored' }).slice(0, -1);
  const label = JSON.stringify(quality ?? null);
  const after = `,"as_of":${JSON.stringify(asOf ?? null)}}}`;
  const answer = answerOfJson(`{${members},"meta":${before},"quality":${label}${after}`, {
    ...rest,
    ...(quality === undefined ? {} : { quality }),
    ...(asOf === undefined ? {} : { as_of: asOf }),
  });
  // In bytes, and counted from the end: what is before may be long.
  return { ...answer, quality_at: answer.body.length - Buffer.byteLength(label + after) };
}
