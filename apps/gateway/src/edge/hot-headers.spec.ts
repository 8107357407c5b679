import { describe, expect, it } from '@jest/globals';
import { hotHeadersOf, tokenOf } from './hot-headers.js';

describe('the headers of the hot path', () => {
  it('the headers of the hot path are read whatever their case, and others are passed over', () => {
    const raw = [
      'Host',
      'h',
      'AUTHORIZATION',
      'Bearer t',
      'If-None-Match',
      '"e"',
      'X-Custom-Name',
      'x',
      'traceparent',
      'tp',
    ];
    expect(hotHeadersOf(raw)).toEqual({ authorization: 'Bearer t', ifNoneMatch: '"e"', traceparent: 'tp' });
  });

  it.each([
    ['a body', ['Content-Length', '2']],
    ['a body of unknown length', ['Transfer-Encoding', 'chunked']],
    ['a deadline', ['X-Deadline-Ms', '5']],
    ['two tokens', ['Authorization', 'Bearer a', 'authorization', 'Bearer b']],
    ['two read-afters', ['X-Read-After', '0/1', 'x-read-after', '0/2']],
  ])('the headers of the hot path leave a request with %s to the long way', (_what, raw) => {
    expect(hotHeadersOf(raw)).toBeUndefined();
  });

  it('the headers of the hot path give the token of the Bearer scheme only', () => {
    expect(tokenOf('bearer abc')).toBe('abc');
    expect(tokenOf('Basic abc')).toBeUndefined();
    expect(tokenOf(undefined)).toBeUndefined();
  });
});
