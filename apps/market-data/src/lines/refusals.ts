import { exchanges, failureCodes, problems, type Exchange, type InstrumentKind } from '@mystocks/contracts';
import { plannedKind } from '../instruments/numbers/number-plan.js';
import { printable } from './plain-text.js';

/** The reason for rejecting a line. */
export interface Refusal {
  readonly status: number;
  /** Problem number (`problems` in libs/contracts). */
  readonly code: number;
  readonly message: string;
}

const INVALID = failureCodes.invalid.number;
const because = (message: string, code: number = INVALID, status = 422): Refusal =>
  Object.freeze({ status, code, message });

/** Every reason, as clients read it. */
export const refusals = {
  columns: because('The line has more or fewer columns than the header', INVALID, 400),
  quote: because('A quoted value is not closed, or not at its end', INVALID, 400),
  json: because('Not a JSON object', INVALID, 400),
  text: because(
    'The line is damaged, or in another encoding than the file; send UTF-8, or name the encoding with charset=',
    INVALID,
    400,
  ),
  code: because('code must be six digits, or IDX and six digits', problems.SYMBOL_INVALID_FORMAT, 400),
  exchange: because('exchange must be SSE, SZSE or BSE', problems.SYMBOL_INVALID_FORMAT, 400),
  symbol: because('symbol must be a symbol such as 600519.SH', problems.SYMBOL_INVALID_FORMAT, 400),
  ambiguous: because(
    'The code names more than one instrument; write it with its exchange',
    problems.SYMBOL_AMBIGUOUS,
    409,
  ),
  unknown: because('There is no such instrument', problems.MARKET_DATA_NOT_FOUND, 404),
  unknownCode: because(
    'There is no instrument with this code; to register one, write the code with its exchange',
    problems.MARKET_DATA_NOT_FOUND,
    404,
  ),
  date: because('date must be a real day, YYYY-MM-DD', problems.DATE_RANGE_INVALID, 400),
  tooEarly: because('date is before 1990-12-19, the first trading day', problems.DATE_RANGE_INVALID),
  future: because('date is in the future', problems.DATE_RANGE_INVALID),
  time: because(
    'time must be a time of the day on a whole minute, HH:MM or HH:MM:00',
    problems.DATE_RANGE_INVALID,
    400,
  ),
  outside: because(
    'time is not the end of a bar of this frame inside 09:30-11:30 or 13:00-15:00',
    problems.DATE_RANGE_INVALID,
  ),
  noon: because(
    'No bar ends at 13:00. If it is the bar that ends at 11:30, as TDX writes it, write 11:30 (with format=tdx exports of TDX are read so); if bars are stamped at their starts, say stamps=start (--stamps start)',
    problems.DATE_RANGE_INVALID,
  ),
  starts: because(
    'The bars of this day are stamped at their starts (09:30 or 13:00, without 11:30 and 15:00): say stamps=start (--stamps start), and they are stored under their ends',
    problems.DATE_RANGE_INVALID,
  ),
  ends: because(
    'The bars of this day are stamped at their ends already (11:30 or 15:00, without 13:00 and, but for an opening auction of one price, 09:30): leave stamps=start (--stamps start) out',
    problems.DATE_RANGE_INVALID,
  ),
  outsideStart: because(
    'time is not the start of a bar of this frame inside 09:30-11:30 or 13:00-15:00',
    problems.DATE_RANGE_INVALID,
  ),
  dayTime: because('A bar of a day carries no time', problems.DATE_RANGE_INVALID),
  timeMissing: because('A minute bar needs its time', problems.DATE_RANGE_INVALID),
  timeframe: because(
    'timeframe must be one of 1Min, 5Min, 15Min, 30Min, 60Min, 1Day',
    problems.KLINE_INTERVAL_INVALID,
    400,
  ),
  timeframeMissing: because('A line with a time needs its timeframe', problems.KLINE_INTERVAL_INVALID),
  price: because(
    'open, high, low and close must be decimals up to 10,000,000 with at most 6 decimals, without sign',
    INVALID,
  ),
  priceZero: because('open, high, low and close must be above 0', INVALID),
  low: because('low is above open, close or high', INVALID),
  high: because('high is below open, close or low', INVALID),
  thousands: because('A number has thousands separators; write it without them', INVALID),
  bondLots: because(
    'Lots of bonds have another size than those of shares; send bonds in our own columns, in bonds and yuan',
    INVALID,
  ),
  volumeEmpty: because('volume is empty', INVALID),
  volume: because('volume must be a whole number of shares of at most 15 digits, 0 or more', INVALID),
  amount: because(
    'amount must be a decimal of at most 15 digits (more are not kept exactly), 6 of them decimals, 0 or more',
    INVALID,
  ),
  preClose: because('pre_close must be a decimal with at most 6 decimals, above 0', INVALID),
  adjFactor: because('adj_factor must be a decimal of at most 15 digits, 10 of them decimals, above 0', INVALID),
  tradeStatus: because('trade_status must be 0 or 1', INVALID),
  aborted: because('Not stored: another line of the batch was refused', INVALID, 424),
} as const;

/** YYYYMMDD as `YYYY-MM-DD`. */
export const dayText = (day: number): string => String(day).replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3');

/** A bar or quote of a day on which its exchange was shut. */
export const closedDay = (day: number, exchange: string): Refusal =>
  because(`${dayText(day)} is not a trading day of ${exchange}`, problems.DATE_RANGE_INVALID);

/** A refusal that names a field of the line. */
export const refuseField = (name: string, what: string): Refusal =>
  because(`${printable(name, 60)} ${what}`, INVALID, 400);

/** True for a line that would be stored if its instrument were registered. */
export const lacksInstrument = ({ message }: Refusal): boolean => message === refusals.unknown.message;

/** The exchange gives out no such code, and no list names it. */
export function noSuchCode(exchange: Exchange, code: string): Refusal {
  const others = exchanges.filter((other) => plannedKind(other, code) !== undefined);
  const hint = others.length === 0 ? '' : `, but ${others.join(' and ')} may have it`;
  const message = `${exchange} has no code ${code}${hint}. If it is right, name it in an instrument list first`;
  return because(message, problems.MARKET_DATA_NOT_FOUND, 404);
}

/** `IDX…` names something that is not an index. */
export const indexMissed = (symbol: string, kind: InstrumentKind): Refusal =>
  because(`IDX says index, but ${symbol} is a ${kind}`, problems.SYMBOL_INVALID_FORMAT);

/** A plain code names an index, though elsewhere it means something else. */
export const indexNotSaid = (symbol: string): Refusal =>
  because(
    `${symbol} is an index; if it is meant, write the code as IDX${symbol.slice(0, 6)} or the symbol as ${symbol}, else check the exchange`,
    problems.SYMBOL_INVALID_FORMAT,
  );
