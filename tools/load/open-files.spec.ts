import { describe, expect, it } from '@jest/globals';
import { mayOpen } from './open-files.ts';

describe('before thousands of connections are opened', () => {
  it('a shell that does not allow so many files is named, with what it allows', () => {
    expect(() => {
      mayOpen(5_000, 1_024);
    }).toThrow(/5000 connections need as many open files .* this shell allows 1024 \(ulimit -Hn\)/);
  });

  it('one that allows them, or does not tell, is left alone', () => {
    mayOpen(5_000, 5_500);
    mayOpen(5_000, undefined);
  });
});
