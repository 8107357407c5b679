import { Failure } from '@mystocks/contracts';
import { SYMBOL } from '@mystocks/validation';

/** The token of the page that follows this symbol. It is opaque to clients. */
export const toPageToken = (symbol: string): string => Buffer.from(symbol).toString('base64url');

export function readPageToken(token: string): string {
  const symbol = Buffer.from(token, 'base64url').toString('latin1');
  if (!SYMBOL.test(symbol)) {
    const errors = [{ pointer: '/page_token', code: 1001, message: 'the next_page_token of an earlier answer' }];
    throw new Failure('invalid', 'page_token is not one of ours', { errors });
  }
  return symbol;
}
