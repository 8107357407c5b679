import { createHash } from 'node:crypto';

/** A write that its caller wants done once. */
export interface Claim {
  /** Whose key it is: keys of different callers never meet. */
  readonly owner: string;
  readonly key: string;
  /** Distinguishes the blocks of one file. */
  readonly part: number;
  /** Hash of everything that was asked for: the same key with another request is a mistake. */
  readonly requestHash: Buffer;
}

/** The claim of a batch that is one whole. */
export function claimOfBatch(
  kind: string,
  batch: { readonly key: string | undefined; readonly content: object },
  owner: string,
): Claim | undefined {
  const { key, content } = batch;
  if (key === undefined) return undefined;
  return { owner, key, part: 1, requestHash: hashOf([kind], Buffer.from(JSON.stringify(content))) };
}

/** Hash of a request: what was asked for, and the body. */
export const hashOf = (about: readonly unknown[], body: Uint8Array): Buffer =>
  createHash('sha256')
    .update(`${JSON.stringify(about)}\n`)
    .update(body)
    .digest();
