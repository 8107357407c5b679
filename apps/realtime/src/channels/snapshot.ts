/** A channel's value at one offset. */
export interface Snapshot {
  readonly offset: number;
  /** Null when nothing was ever received: a price is never invented. */
  readonly value: object | null;
}

/** The members of a JSON object; empty for anything else. */
export function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
