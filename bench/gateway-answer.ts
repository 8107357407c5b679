import { readFileSync } from 'node:fs';

/** `size` bars as market-data answers them: shapes and digits of real ones (600519.SH, 2023). */
export function barsAnswer(size: number): { readonly value: object; readonly body: Buffer } {
  const bars = Array.from({ length: size }, (_, day) => ({
    t: new Date(Date.UTC(2022, 11, 29 + day)).toISOString().slice(0, 10) + 'T00:00:00+08:00',
    o: (172_001 + day * 7) / 100,
    h: (174_523 + day * 7) / 100,
    l: (171_150 + day * 7) / 100,
    c: (173_001 + day * 7) / 100,
    v: 2_534_172 + day * 911,
    amt: 4_364_881_271 + day * 1_234.5,
  }));
  const meta = { timeframe: '1Day', adjustment: 'raw', currency: 'CNY', source: 'mystocks', quality: 'eod' };
  const value = { symbol: '600519.SH', bars, next_page_token: null, meta };
  return { value, body: Buffer.from(JSON.stringify(value)) };
}

/** What the parent hands to each server: where the token key is, where the log goes. */
export interface ServerTask {
  readonly kind: 'gateway' | 'bare' | 'stock';
  readonly publicKeyPem: string;
  readonly keySet: object;
  readonly logFile: string;
  readonly sizes: readonly number[];
}

export const taskFrom = (file: string): ServerTask => JSON.parse(readFileSync(file, 'utf8')) as ServerTask;
export const PATH = '/api/v2/stocks/600519.SH/bars?timeframe=1Day&start=2023-01-01&limit=';
