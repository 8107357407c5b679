import { readDecimal } from './bar-cells.js';
import type { BarColumns } from './bar-columns.js';
import type { Fields } from './csv-records.js';
import { numberRules, type NumberRule } from '../numbers/number-rules.js';
import { refusals, type Refusal } from './refusals.js';

const [ZERO, ONE] = [48, 49];

/** Why a value that a daily bar may lack refuses its line, or undefined. */
export function refuseOptional({ bytes, starts, ends }: Fields, columns: BarColumns): Refusal | undefined {
  const { pre_close, adj_factor, trade_status } = columns;
  if (
    pre_close >= 0 &&
    !isPositive(bytes, starts[pre_close] as number, ends[pre_close] as number, numberRules.pre_close)
  )
    return refusals.preClose;
  if (
    adj_factor >= 0 &&
    !isPositive(bytes, starts[adj_factor] as number, ends[adj_factor] as number, numberRules.adj_factor)
  )
    return refusals.adjFactor;
  if (trade_status >= 0 && !isFlag(bytes, starts[trade_status] as number, ends[trade_status] as number))
    return refusals.tradeStatus;
  return undefined;
}

const isPositive = (bytes: Uint8Array, start: number, end: number, rule: NumberRule): boolean =>
  start === end || readDecimal(bytes, start, end, rule) > 0;

const isFlag = (bytes: Uint8Array, start: number, end: number): boolean =>
  start === end || (end - start === 1 && (bytes[start] === ZERO || bytes[start] === ONE));
