import type { Quote } from '@mystocks/contracts';

/** A channel's value at one offset. */
export interface Snapshot {
  readonly epoch: string;
  readonly offset: number;
  /** Null when nothing was ever received: a price is never invented. */
  readonly value: object | null;
}

/** A quote as subscribers get it: the fields of `GET /stocks/quotes/latest`; the channel says the symbol. */
export function toValue(quote: Readonly<Record<string, unknown>> | Quote): object {
  return Object.fromEntries(Object.entries(quote).filter(([name]) => name !== 'symbol' && name !== 'seq'));
}

/** The members of a JSON object; empty for anything else. */
export function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
