import { exchanges, type Exchange } from '@mystocks/contracts';
import { IsCount, IsOneOf, IsText } from '@mystocks/validation';

/** The symbols the original showed when none were asked for. */
export const popular = ['000001.SZ', '600519.SH', '000858.SZ', '601318.SH', '600036.SH'];

export class QuotesQuery {
  @IsText(1, 1_200, { optional: true }) readonly symbols?: string;
}

export class StocksQuery {
  @IsText(1, 40, { optional: true }) readonly search?: string;
  @IsOneOf(exchanges, { optional: true }) readonly exchange?: Exchange;
  @IsOneOf(['stock', 'index'], { optional: true }) readonly security_type?: 'stock' | 'index';
  @IsCount(1, 1_000) readonly limit: number = 100;
}

interface QuotesDocument {
  readonly quotes: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const numberOrNull = (value: unknown): number | null => (typeof value === 'number' ? value : null);
const rounded = (value: number): number => Math.round(value * 10_000) / 10_000;

/** Quotes under the names the original's pages looked for. A price that is not known is null, never a number. */
export function toQuoteRows({ quotes }: QuotesDocument): Record<string, unknown>[] {
  return Object.entries(quotes).map(([symbol, quote]) => {
    const price = numberOrNull(quote['last']);
    const before = numberOrNull(quote['prev_close']);
    const change = price === null || before === null ? null : rounded(price - before);
    const percent = change === null || before === null || before === 0 ? null : rounded((change / before) * 100);
    return {
      symbol,
      price,
      last_price: price,
      current_price: price,
      latest_price: price,
      change,
      change_percent: percent,
      change_pct: percent,
      open: numberOrNull(quote['open']),
      high: numberOrNull(quote['high']),
      low: numberOrNull(quote['low']),
      prev_close: before,
      volume: numberOrNull(quote['v']),
      amount: numberOrNull(quote['amt']),
      timestamp: quote['t'] ?? null,
    };
  });
}

interface SymbolsDocument {
  readonly symbols: readonly Readonly<Record<string, unknown>>[];
}

/** Instruments as rows of the original's stock list, which knows stocks and indexes only. */
export function toStockRows({ symbols }: SymbolsDocument, securityType: string | undefined): Record<string, unknown>[] {
  return symbols
    .map((one): Record<string, unknown> => ({ ...one, kind: one['kind'] === 'index' ? 'index' : 'stock' }))
    .filter(({ kind }) => securityType === undefined || kind === securityType)
    .map(({ symbol, name, exchange, kind, list_date, status, area, industry }) => ({
      symbol,
      name: name ?? null,
      exchange,
      security_type: kind,
      list_date: list_date ?? null,
      status,
      area: area ?? null,
      industry: industry ?? null,
    }));
}
