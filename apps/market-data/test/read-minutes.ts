import type { IngestBarsRequest, StoredTimeframe } from '@mystocks/contracts';
import { readBarBlock, type BarBlock } from '../src/ingest/bar-block.js';
import type { SymbolIds } from '../src/ingest/read/bar-symbols.js';

const HEADER = 'code,exchange,date,time,open,high,low,close,volume';
export const ids: SymbolIds = new Map(
  ['688981.SH', '600000.SH', '000001.SZ'].map((symbol, id) => [
    symbol,
    { id: id + 1, kind: 'stock', status: 'listed' },
  ]),
);

const two = (value: number): string => String(value).padStart(2, '0');
export const clock = (minute: number): string => `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
export const lines = (minutes: readonly number[], day = '2024-07-05', code = '688981'): string[] =>
  minutes.map((minute) => `${code},SSE,${day},${clock(minute)},10,11,9,10,${minute}`);
type More = Partial<IngestBarsRequest> & { readonly refusedFrames?: ReadonlySet<number> };

/** Reads a block of minute bars of 688981.SH, or of other instruments. */
export function read(body: readonly string[], frame: number, { refusedFrames, ...more }: More = {}): BarBlock {
  const request: IngestBarsRequest = {
    body: Buffer.from(body.join('\n')),
    format: 'csv',
    header: HEADER,
    first_line: 2,
    on_error: 'continue',
    want_items: false,
    register: false,
    timeframe: `${frame}Min` as StoredTimeframe,
    ...more,
  };
  const context = { ids, nowMs: Date.parse('2026-11-22T12:00:00Z') };
  return readBarBlock(request, refusedFrames === undefined ? context : { ...context, refusedFrames });
}
