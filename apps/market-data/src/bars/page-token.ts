import { createHash } from 'node:crypto';
import { Failure } from '@mystocks/contracts';

const TOKEN = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})~([A-Za-z0-9_-]{16})$/;

// A token continues one request and no other: its digest binds the stamp to the request.
const digest = (stamp: string, question: readonly unknown[]): string =>
  createHash('sha256')
    .update(JSON.stringify([stamp, ...question]))
    .digest('base64url')
    .slice(0, 16);

/** Makes the token that continues a request after the bar stamped `stamp`. */
export function pageToken(stamp: string, question: readonly unknown[]): string {
  return Buffer.from(`${stamp}~${digest(stamp, question)}`).toString('base64url');
}

/** Returns the stamp in a token; fails with `invalid` when the token was made for another request. */
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
