/** A PostgreSQL log sequence number in its text form, e.g. `0/16B3748`. */
export type Lsn = string;

/** The text form as PostgreSQL writes it; anything else is refused before it can reach a comparison or a database. */
export const LSN = /^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/;

// Both halves are 32-bit hexadecimal; their sum stays exact in a double up to 9 PB of log.
/** A position as a number of bytes. */
export function lsnBytes(lsn: Lsn): number {
  const [high = '', low = ''] = lsn.split('/');
  return Number.parseInt(high, 16) * 2 ** 32 + Number.parseInt(low, 16);
}

/** Negative when `a` was written before `b`, 0 when equal, positive after. */
export function compareLsn(a: Lsn, b: Lsn): number {
  return lsnBytes(a) - lsnBytes(b);
}

/** The later of two positions; an absent one is earlier than any. */
export function laterLsn(a: Lsn | undefined, b: Lsn | undefined): Lsn | undefined {
  if (a === undefined) return b;
  if (b === undefined) return a;
  return compareLsn(a, b) >= 0 ? a : b;
}
