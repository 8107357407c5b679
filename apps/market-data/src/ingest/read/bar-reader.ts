import { chinaDay, tradesOn } from '@mystocks/calendar';
import type { BarDialect, BarStamps, StoredTimeframe } from '@mystocks/contracts';
import { ClosedDayFactors } from '../../factors/closed-day-factors.js';
import { exchangeOf } from '../../instruments/symbols.js';
import { cellText, readDecimal, readMicros } from '../../lines/bar-cells.js';
import type { BarColumns } from '../../lines/bar-columns.js';
import { barKey, dayKeyOf, type BarRows } from '../rows/bar-rows.js';
import { BarSymbols, type BarSymbolsOptions, type Named, type SymbolIds, type Unknown } from './bar-symbols.js';
import { BarTimes } from './bar-times.js';
import type { Fields } from '../../lines/csv-records.js';
import { LineSample } from '../../lines/line-sample.js';
import { numberRules } from '../../numbers/number-rules.js';
import { refuseOptional } from '../../lines/optional-values.js';
import { closedDay, dayText, refusals, type Refusal } from '../../lines/refusals.js';

export interface BarReaderOptions extends Omit<BarSymbolsOptions, 'today'> {
  readonly timeframe: StoredTimeframe | undefined;
  readonly nowMs: number;
  readonly stamps: BarStamps | undefined;
  readonly dialect: BarDialect | undefined;
  /** Days whose lines are refused, with the reason, by their key. */
  readonly refusedDays: ReadonlyMap<number, Refusal>;
  readonly daily: BarRows;
  readonly minute: BarRows;
}

const [TAB, LF, ZERO, DASH, SPACE, COLON, BACKSLASH, LETTER_N] = [9, 10, 48, 45, 32, 58, 92, 78];
/** Longest row that can be written: 11 values of at most 32 bytes. */
const ROW_BYTES_MAX = 512;
/** An average price farther outside low..high than this is one of wrong units. */
const UNITS_FACTOR = 5;
const MICROS = 1e6;

/** Checks lines and writes the good ones as rows for COPY: the digits of the file are copied, never reformatted. */
export class BarReader {
  /** Unknown instruments that otherwise good lines name. */
  readonly unknown = new Map<string, Unknown>();
  /** Lines of stocks and funds whose amount and volume do not fit their prices. */
  readonly units = new LineSample();
  /** Days, by their key, that have a line whose stamp can only be understood with the whole day. */
  readonly markedDays = new Set<number>();
  /** Factors of lines that are refused for their day alone. */
  readonly closedDayFactors = new ClosedDayFactors();
  readonly #refusedDays: ReadonlyMap<number, Refusal>;
  readonly #ids: SymbolIds;
  readonly #columns: BarColumns;
  readonly #times: BarTimes;
  readonly #symbols: BarSymbols;
  readonly #daily: BarRows;
  readonly #minute: BarRows;
  #out: Uint8Array = new Uint8Array(0);
  #at = 0;
  /** What the last line named, and its exchange. */
  #named: Named | undefined;
  #exchange = '';
  /** The last line's amount ÷ volume lies far outside its low..high. */
  #isOddPrice = false;

  constructor(columns: BarColumns, options: BarReaderOptions) {
    this.#columns = columns;
    this.#times = new BarTimes(columns, options);
    this.#ids = options.ids;
    this.#refusedDays = options.refusedDays;
    this.#symbols = new BarSymbols(columns, { ...options, today: chinaDay(options.nowMs) });
    this.#daily = options.daily;
    this.#minute = options.minute;
  }

  /** Reads one line; returns the reason for rejecting it, or undefined. */
  read(fields: Fields, line: number): Refusal | undefined {
    const named = this.#symbols.of(fields);
    if (named.id === undefined && named.unknown === undefined) return named.refusal;
    const badTime = this.#times.read(fields);
    if (badTime !== undefined) return this.#markDay(named.id, badTime);
    const wrongDay = this.#checkDay(named);
    const wrong = wrongDay ?? this.#checkValues(fields);
    if (wrongDay !== undefined && named.id !== undefined && this.#times.minutes === 0)
      this.#keepFactor(fields, named, line);
    if (wrong !== undefined) return wrong;
    if (named.id === undefined) {
      this.unknown.set(named.unknown.symbol, named.unknown);
      return refusals.unknown;
    }
    this.#write(fields, named.id, line);
    if (this.#isOddPrice && hasUnits(this.#ids.get(named.symbol)?.kind)) this.units.add(line);
    return undefined;
  }

  /** Notes a stamp that says something about its whole day. */
  #markDay(id: number | undefined, refusal: Refusal): Refusal {
    const { day, minutes, isSessionEnd } = this.#times;
    const says = refusal === refusals.noon || (refusal === refusals.outsideStart && isSessionEnd);
    if (id === undefined || !says) return refusal;
    const key = dayKeyOf(barKey(id, minutes, day, 0));
    this.markedDays.add(key);
    return this.#refusedDays.get(key) ?? refusal;
  }

  #checkDay(named: Exclude<Named, { refusal: Refusal }>): Refusal | undefined {
    const { day, minutes } = this.#times;
    if (named !== this.#named) {
      this.#named = named;
      this.#exchange = exchangeOf(named.id === undefined ? named.unknown.symbol : named.symbol) ?? '';
    }
    if (!tradesOn(this.#exchange, day)) return closedDay(day, this.#exchange);
    if (this.#refusedDays.size === 0 || named.id === undefined || minutes === 0) return undefined;
    return this.#refusedDays.get(dayKeyOf(barKey(named.id, minutes, day, 0)));
  }

  /** The factor of a daily bar of a closed day that is good in all else. Prices of indexes are never adjusted. */
  #keepFactor(fields: Fields, { id, symbol }: { readonly id: number; readonly symbol: string }, line: number): void {
    const { adj_factor } = this.#columns;
    if (adj_factor < 0 || this.#checkValues(fields) !== undefined || this.#ids.get(symbol)?.kind === 'index') return;
    const factor = cellText(fields.bytes, fields.starts[adj_factor] as number, fields.ends[adj_factor] as number);
    const day = dayText(this.#times.day);
    if (factor !== '') this.closedDayFactors.add(line, { id, symbol, day, factor });
  }

  #checkValues(fields: Fields): Refusal | undefined {
    const { bytes, starts, ends } = fields;
    const { open, high, low, close, volume } = this.#columns;
    const o = readMicros(bytes, starts[open] as number, ends[open] as number);
    const h = readMicros(bytes, starts[high] as number, ends[high] as number);
    const l = readMicros(bytes, starts[low] as number, ends[low] as number);
    const c = readMicros(bytes, starts[close] as number, ends[close] as number);
    // Also false for NaN.
    if (!(o > 0 && h > 0 && l > 0 && c > 0)) return Number.isNaN(o + h + l + c) ? refusals.price : refusals.priceZero;
    if (h < o || h < c) return refusals.high;
    if (l > o || l > c || l > h) return refusals.low;
    const [from, to] = [starts[volume] as number, ends[volume] as number];
    if (from === to && !this.#isSuspended(bytes, starts, ends)) return refusals.volumeEmpty;
    const shares = from === to ? 0 : readDecimal(bytes, from, to, numberRules.volume);
    if (Number.isNaN(shares)) return refusals.volume;
    return this.#checkAmount(fields, shares, l, h) ?? refuseOptional(fields, this.#columns);
  }

  #checkAmount({ bytes, starts, ends }: Fields, shares: number, low: number, high: number): Refusal | undefined {
    this.#isOddPrice = false;
    const { amount } = this.#columns;
    if (amount < 0) return undefined;
    const [from, to] = [starts[amount] as number, ends[amount] as number];
    if (from === to) return undefined;
    const yuan = readDecimal(bytes, from, to, numberRules.amount);
    if (Number.isNaN(yuan)) return refusals.amount;
    const micros = yuan * MICROS;
    this.#isOddPrice = micros * UNITS_FACTOR < shares * low || micros > shares * high * UNITS_FACTOR;
    if (shares === 0) this.#isOddPrice = false;
    return undefined;
  }

  /** A day that its line calls suspended; such lines come without a volume. */
  #isSuspended(bytes: Uint8Array, starts: Int32Array, ends: Int32Array): boolean {
    const { trade_status } = this.#columns;
    if (trade_status < 0 || this.#times.minutes !== 0) return false;
    const start = starts[trade_status] as number;
    return (ends[trade_status] as number) - start === 1 && bytes[start] === ZERO;
  }

  #write(fields: Fields, id: number, line: number): void {
    const { day, minute, minutes } = this.#times;
    const rows = minutes === 0 ? this.#daily : this.#minute;
    const { open, high, low, close, volume, amount, pre_close, adj_factor, trade_status } = this.#columns;
    this.#out = rows.room(ROW_BYTES_MAX);
    this.#at = rows.end;
    this.#number(id);
    this.#byte(TAB);
    if (minutes !== 0) {
      this.#number(minutes);
      this.#byte(TAB);
    }
    this.#stamp(day, minute, minutes !== 0);
    this.#cell(fields, open);
    this.#cell(fields, high);
    this.#cell(fields, low);
    this.#cell(fields, close);
    if (fields.starts[volume] === fields.ends[volume]) this.#noVolume();
    else this.#cell(fields, volume);
    let given = this.#cell(fields, amount);
    if (minutes === 0) {
      given |= this.#cell(fields, pre_close) << 1;
      given |= this.#cell(fields, adj_factor) << 2;
      given |= this.#cell(fields, trade_status) << 3;
    }
    this.#byte(LF);
    rows.add(barKey(id, minutes, day, minute), line, this.#at, given);
  }

  /** A tab and the value's bytes, or `\N` for none; answers 1 for a value, 0 for none. */
  #cell({ bytes, starts, ends }: Fields, column: number): 0 | 1 {
    const out = this.#out;
    let at = this.#at;
    out[at++] = TAB;
    const end = column < 0 ? 0 : (ends[column] as number);
    let from = column < 0 ? 0 : (starts[column] as number);
    const given = from < end ? 1 : 0;
    if (given === 0) {
      out[at++] = BACKSLASH;
      out[at++] = LETTER_N;
    }
    while (from < end) out[at++] = bytes[from++] as number;
    this.#at = at;
    return given;
  }

  #noVolume(): void {
    this.#byte(TAB);
    this.#byte(ZERO);
  }

  #stamp(day: number, minute: number, withTime: boolean): void {
    this.#two(Math.trunc(day / 1_000_000));
    this.#two(Math.trunc(day / 10_000) % 100);
    this.#byte(DASH);
    this.#two(Math.trunc(day / 100) % 100);
    this.#byte(DASH);
    this.#two(day % 100);
    if (!withTime) return;
    this.#byte(SPACE);
    this.#two(Math.trunc(minute / 60));
    this.#byte(COLON);
    this.#two(minute % 60);
  }

  #two(value: number): void {
    this.#byte(ZERO + Math.trunc(value / 10));
    this.#byte(ZERO + (value % 10));
  }

  #number(value: number): void {
    if (value >= 10) this.#number(Math.trunc(value / 10));
    this.#byte(ZERO + (value % 10));
  }

  #byte(byte: number): void {
    this.#out[this.#at] = byte;
    this.#at += 1;
  }
}

/** Indexes count volumes in other units than their prices, and bonds are traded in lots of their own. */
const hasUnits = (kind: string | undefined): boolean => kind === 'stock' || kind === 'fund';
