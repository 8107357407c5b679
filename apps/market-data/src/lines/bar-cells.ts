import { fitsDouble } from '../numbers/exact-decimal.js';
import type { NumberRule } from '../numbers/number-rules.js';
import { printable } from './plain-text.js';

/*
 * Readers of single values, byte by byte: an import calls them a dozen times a line. NaN or -1 = not such a value.
 * `bytes[i] as number` because every index is inside the block; a check would cost what these functions save.
 */

const [ZERO, DOT, DASH, COLON] = [48, 46, 45, 58];
const DECIMALS_MAX = 6;
const DIGITS_MAX = 15;
const POWERS = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);
/** 10,000,000 CNY; with 6 decimals that is 13 digits, exact in a double. */
const PRICE_MAX_MICROS = 1e13;

/** A decimal without sign as millionths, exactly; NaN for anything else, more than 6 decimals, or above 10,000,000. */
export function readMicros(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  let at = start;
  for (; at < end; at += 1) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  if (at === start || at - start > 8) return Number.NaN;
  let decimals = 0;
  if (at < end) {
    if (bytes[at] !== DOT) return Number.NaN;
    decimals = end - at - 1;
    if (decimals === 0 || decimals > DECIMALS_MAX) return Number.NaN;
    for (at += 1; at < end; at += 1) {
      const digit = (bytes[at] as number) - ZERO;
      if (digit < 0 || digit > 9) return Number.NaN;
      value = value * 10 + digit;
    }
  }
  for (; decimals < DECIMALS_MAX; decimals += 1) value *= 10;
  return value <= PRICE_MAX_MICROS ? value : Number.NaN;
}

/**
 * Reads a decimal without sign that follows the rule and has at most 15 significant digits, because numbers in JSON answers
 * keep no more. Exact up to 2^53; NaN for anything else.
 */
export function readDecimal(bytes: Uint8Array, start: number, end: number, { wholeDigits, scale }: NumberRule): number {
  let value = 0;
  let decimals = -1;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] as number;
    if (byte === DOT && decimals < 0) decimals = 0;
    else if (byte >= ZERO && byte <= ZERO + 9) {
      value = value * 10 + byte - ZERO;
      if (decimals >= 0) decimals += 1;
    } else return Number.NaN;
  }
  const whole = decimals < 0 ? end - start : end - start - decimals - 1;
  if (whole < 1 || whole > wholeDigits || decimals === 0 || decimals > scale) return Number.NaN;
  if (end - start > DIGITS_MAX && !fitsDouble(cellText(bytes, start, end))) return Number.NaN;
  return decimals < 0 ? value : value / (POWERS[decimals] as number);
}

function readDigits(bytes: Uint8Array, start: number, count: number): number {
  let value = 0;
  for (let at = start; at < start + count; at += 1) {
    const digit = (bytes[at] as number) - ZERO;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

const daysOfMonth = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** `YYYY-MM-DD` as YYYYMMDD; -1 when it names no real day. */
export function readDay(bytes: Uint8Array, start: number, end: number): number {
  if (end - start !== 10 || bytes[start + 4] !== DASH || bytes[start + 7] !== DASH) return -1;
  const year = readDigits(bytes, start, 4);
  const month = readDigits(bytes, start + 5, 2);
  const day = readDigits(bytes, start + 8, 2);
  const last = daysOfMonth[month - 1];
  if (last === undefined || !(day >= 1 && day <= last) || !(year >= 1)) return -1;
  if (month === 2 && day === 29 && (year % 4 !== 0 || (year % 100 === 0 && year % 400 !== 0))) return -1;
  return year * 10_000 + month * 100 + day;
}

/** `HH:MM` or `HH:MM:00` as minute of the day; -1 for anything else. */
export function readMinute(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if ((length !== 5 && length !== 8) || bytes[start + 2] !== COLON) return -1;
  if (length === 8 && (bytes[start + 5] !== COLON || readDigits(bytes, start + 6, 2) !== 0)) return -1;
  const hour = readDigits(bytes, start, 2);
  const minute = readDigits(bytes, start + 3, 2);
  return hour <= 23 && minute <= 59 ? hour * 60 + minute : -1;
}

const AUCTION = 565;
/** Minutes of the day at which the sessions begin and end. */
export const [MORNING, NOON, AFTERNOON, CLOSE] = [570, 690, 780, 900] as const;

/** True when a bar of `minutes` can end at this minute of the day; 09:25 to 09:30 is the opening auction's. */
export function isBarEnd(minute: number, minutes: number): boolean {
  if (minute >= AUCTION && minute < MORNING) return minutes === 1;
  if (minute >= MORNING && minute <= NOON) return (minute - MORNING) % minutes === 0;
  return minute > AFTERNOON && minute <= CLOSE && (minute - AFTERNOON) % minutes === 0;
}

/** The end of a bar whose start is at this minute of the day. The opening auction's row has no other stamp. */
export const endOfStarted = (minute: number, minutes: number): number =>
  minute >= AUCTION && minute < MORNING ? minute : minute + minutes;

/** The value as text, for people: cut, without control characters, and with ? for what is no text. */
export function cellText(bytes: Uint8Array, start: number, end: number): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.min(end - start, 200)).toString('utf8');
  return printable(text, 40);
}
