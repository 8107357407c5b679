/*
 * Numbers are judged by their value, not by their spelling: `1200.0`, `1.2e3` and `+1200` are 1200. All of it is worked out
 * on the digits, so no value passes through a double.
 */

/** What a spelling says: the plain decimal, and whether noise beyond the scale was rounded away. */
export interface PlainDecimal {
  readonly text: string;
  readonly rounded: boolean;
}

export interface Rounding {
  /** Decimals that are kept. */
  readonly scale: number;
  /** The value is multiplied by ten to this power, e.g. 2 for lots of 100 shares. */
  readonly shift: number;
}

/** `0.digits` times ten to the power of `point`; the digits neither start nor end with 0. */
interface Digits {
  readonly digits: string;
  readonly point: number;
}

const NUMBER = /^([+-]?)(?:(\d+)\.?(\d*)|\.(\d+))(?:[eE]([+-]?\d{1,4}))?$/;
/** What pandas, Excel and Chinese terminals write where there is no value. */
const MISSING = /^(?:-{1,2}|nan|nat|none|null|na|n\/a|<na>)$/i;
const THOUSANDS = /^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?$/;
const CHARACTERS_MAX = 200;
/** Largest power of ten that is read; no digit of a bar's numbers is farther from the point. */
const POINT_MAX = 30;
/** Number of significant digits that a double keeps of any decimal. */
const DIGITS_MAX = 15;
/** A value and what it was rounded to, in units of its last digit; `step` is the last digit that was kept. */
interface Rounded {
  readonly rounded: bigint;
  readonly difference: bigint;
  readonly step: bigint;
}

const isWithin = (exponent: bigint, { rounded, difference }: Rounded): boolean =>
  difference * 10n ** exponent <= rounded;
/** Noise lies within 1e-9 of the value. */
const isNoise = (value: Rounded): boolean => isWithin(9n, value);
/** Of whole numbers it is less than a hundredth besides: half a share of a billion is none. */
const isNoiseOfWhole = (value: Rounded): boolean => isNoise(value) && value.difference * 100n < value.step;
/** Digits that no double can keep are noise only within its own precision. */
const isLost = (value: Rounded): boolean => isWithin(15n, value);

/** True for a word that stands for "no value". */
export const isMissing = (text: string): boolean => MISSING.test(text);

/** True for `1,200`, whose comma could also be a decimal one. */
export const hasThousands = (text: string): boolean => THOUSANDS.test(text);

/**
 * The plain decimal of a number without sign, at most `scale` decimals long. Undefined for what is no number, for a
 * negative one, and for one with real digits beyond the scale.
 */
export function plainDecimal(text: string, { scale, shift }: Rounding): PlainDecimal | undefined {
  const value = digitsOf(text, shift);
  if (value === undefined) return undefined;
  if (value.digits === '') return { text: '0', rounded: false };
  const kept = cut(value, value.point + scale, scale === 0 ? isNoiseOfWhole : isNoise);
  if (kept === undefined) return undefined;
  const short = kept.digits.length <= DIGITS_MAX ? kept : (cut(value, DIGITS_MAX, isLost) ?? kept);
  return { text: textOf(short), rounded: short !== value };
}

function digitsOf(text: string, shift: number): Digits | undefined {
  if (text.length > CHARACTERS_MAX) return undefined;
  const match = NUMBER.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = '', decimals = '', onlyDecimals = '', exponent = '0'] = match;
  const all = whole + decimals + onlyDecimals;
  const digits = all.replace(/^0+/, '');
  const point = whole.length - (all.length - digits.length) + Number(exponent) + shift;
  const trimmed = digits.replace(/0+$/, '');
  if (trimmed === '') return { digits: '', point: 0 };
  return sign === '-' || Math.abs(point) > POINT_MAX ? undefined : { digits: trimmed, point };
}

/** The value rounded to its first `count` digits (half up), when what is cut off may be. */
function cut(value: Digits, count: number, mayBe: (rounded: Rounded) => boolean): Digits | undefined {
  const { digits, point } = value;
  if (digits.length <= count) return value;
  if (count < 0) return undefined;
  const step = 10n ** BigInt(digits.length - count);
  const exact = BigInt(digits);
  const kept = (exact + step / 2n) / step;
  const rounded = kept * step;
  const difference = exact > rounded ? exact - rounded : rounded - exact;
  if (!mayBe({ rounded, difference, step })) return undefined;
  const text = kept.toString();
  return { digits: text.replace(/0+$/, ''), point: point + text.length - count };
}

function textOf({ digits, point }: Digits): string {
  if (point <= 0) return `0.${'0'.repeat(-point)}${digits}`;
  if (digits.length <= point) return digits.padEnd(point, '0');
  return `${digits.slice(0, point)}.${digits.slice(point)}`;
}
