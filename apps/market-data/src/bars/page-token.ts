import { createHash } from 'node:crypto';
import { Failure } from '@mystocks/contracts';

const TOKEN = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})~([A-Za-z0-9_-]{16})$/;

// A token continues one question and no other: the digest binds the stamp to it.
const digest = (stamp: string, question: readonly unknown[]): string =>
  createHash('sha256')
    .update(JSON.stringify([stamp, ...question]))
    .digest('base64url')
    .slice(0, 16);

/** A token that stands for "after the bar stamped `stamp`" of a question. */
export function pageToken(stamp: string, question: readonly unknown[]): string {
  return Buffer.from(`${stamp}~${digest(stamp, question)}`).toString('base64url');
}

/** The stamp a token stands for; `invalid` when it was not made for this question. */
export function stampOf(token: string, question: readonly unknown[]): string {
  const [, stamp = '', signature] = TOKEN.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  if (
    signature === undefined ||
    signature !== digest(stamp, question) ||
    Buffer.from(token, 'base64url').toString('base64url') !== token
  ) {
    throw new Failure('invalid', 'page_token does not belong to this question', {
      errors: [{ pointer: '/page_token', code: 1001, message: 'must be the next_page_token of the page before' }],
    });
  }
  return stamp;
}
