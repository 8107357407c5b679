/** A bar as it is stored. Times are China local, `YYYY-MM-DDTHH:MM:SS`; a day is stamped midnight. */
export interface StoredBar {
  readonly t: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** Shares. */
  readonly volume: number | bigint;
  /** CNY; text where it is a sum. */
  readonly amount: number | string | null;
  /** A day without trade. */
  readonly suspended?: boolean;
  /** Stored frames contradict each other about it. */
  readonly conflict?: boolean;
  /** Made of minute bars where no daily bar stands. */
  readonly made?: boolean;
}

/** True for a daily bar of a day without trade: where trading stops, files repeat the price of the day before. */
export const isSuspended = (
  { open, high, low, close, volume }: Pick<StoredBar, 'open' | 'high' | 'low' | 'close' | 'volume'>,
  tradeStatus: number | null,
): boolean => tradeStatus === 0 || (Number(volume) === 0 && high === low && open === low && close === low);

/** Decimals of an adjusted price: the smallest one keeps three digits. */
export const PRICE_DECIMALS = 40;

/** A raw price in CNY, or an adjusted one in units of 10^-PRICE_DECIMALS, which no double may hold. */
export type Price = number | bigint;

/** A bar on its way to a client; a price is null where no adjustment factor is known. */
export interface ShownBar {
  readonly t: string;
  readonly open: Price | null;
  readonly high: Price | null;
  readonly low: Price | null;
  readonly close: Price | null;
  readonly volume: number | bigint;
  readonly amount: number | string | null;
  /** A day without trade. */
  readonly suspended?: boolean;
  /** Stored frames contradict each other about it. */
  readonly conflict?: boolean;
  /** Made of minute bars where no daily bar stands. */
  readonly made?: boolean;
}
