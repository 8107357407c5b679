import type { IngestBarsRequest, IngestRequest } from '@mystocks/contracts';
import { hashOf, type Claim } from '../idempotency/claim.js';

/** The claim of a block; nothing when it came without a key. */
export function claimOfBlock(
  kind: string,
  request: IngestRequest & Partial<IngestBarsRequest>,
  owner: string,
): Claim | undefined {
  const { idempotency_key: key, body, first_line, header } = request;
  if (key === undefined) return undefined;
  const { format, on_error, want_items, timeframe, register, dialect, stamps, symbol } = request;
  // The first block of a file is part 1 whatever its format: another file under the same key meets it there.
  const part = header === undefined ? first_line : first_line - header.split('\n').length;
  // Options that came later are hashed only where they are given, so that keys of before stay valid.
  const options = [dialect, stamps, symbol];
  const about = [kind, format, header, on_error, want_items, timeframe, register];
  if (options.some((option) => option !== undefined)) about.push(...options);
  return { owner, key, part, requestHash: hashOf(about, body) };
}

/** The claim of the end of a file whose blocks have this key: they are parts from 1 on. */
export function claimOfEnd(load: string, key: string | undefined, owner: string): Claim | undefined {
  return key === undefined ? undefined : { owner, key, part: 0, requestHash: hashOf([load], Buffer.alloc(0)) };
}
