/** The numbers of a bar: what may stand before and behind the point. */
export interface NumberRule {
  readonly wholeDigits: number;
  /** Decimals that are kept. */
  readonly scale: number;
}

const price: NumberRule = { wholeDigits: 8, scale: 6 };

/** One rule for a column, whether its value comes from CSV, NDJSON or JSON. */
export const numberRules = {
  open: price,
  high: price,
  low: price,
  close: price,
  volume: { wholeDigits: 15, scale: 0 },
  amount: { wholeDigits: 15, scale: 6 },
  pre_close: price,
  adj_factor: { wholeDigits: 9, scale: 10 },
  trade_status: { wholeDigits: 1, scale: 0 },
} as const satisfies Record<string, NumberRule>;
export type NumberField = keyof typeof numberRules;
