import { field, listFromText, type FieldOptions } from './field.js';

/** Canonical symbol: six ASCII digits, a dot and the exchange (SH Shanghai, SZ Shenzhen, BJ Beijing). */
export const SYMBOL = /^[0-9]{6}\.(SH|SZ|BJ)$/;
/** The spellings a client may use: `600519`, `600519.SH`, `SH600519`, `600519.XSHG`. */
export const SYMBOL_ALIAS = /^([0-9]{6}(\.(SH|SZ|BJ|XSHG|XSHE|XBSE|BSE|SSE|SZSE))?|(SH|SZ|BJ)[0-9]{6})$/i;
export const SYMBOL_INVALID_FORMAT = 1102;
export const DATE_RANGE_INVALID = 1204;

const isText = (value: unknown): value is string => typeof value === 'string';
const numberFromText = (text: string): unknown => (/^-?\d{1,15}(\.\d{1,10})?$/.test(text) ? Number(text) : text);

/** A code point is one or two units, so that counting them is rarely needed (and never for a text far too long). */
function hasCodePoints(text: string, min: number, max: number): boolean {
  if (text.length < min || text.length > 2 * max) return false;
  if (text.length <= max && Math.ceil(text.length / 2) >= min) return true;
  const count = [...text].length;
  return count >= min && count <= max;
}

/** Text of `min` to `max` characters (code points), without control characters. */
export const IsText = (min: number, max: number, options?: FieldOptions): PropertyDecorator =>
  field(
    {
      name: 'isText',
      message: `text of ${min} to ${max} characters without control characters`,
      test: (value) => isText(value) && hasCodePoints(value, min, max) && !/[\u0000-\u001f\u007f]/.test(value),
      api: { type: 'string', minLength: min, maxLength: max },
    },
    options,
  );

export const IsMatching = (
  pattern: RegExp,
  message: string,
  options?: FieldOptions & { code?: number },
): PropertyDecorator =>
  field(
    {
      name: 'isMatching',
      message,
      ...(options?.code === undefined ? {} : { code: options.code }),
      test: (value) => isText(value) && pattern.test(value),
      api: { type: 'string', pattern: pattern.source },
    },
    options,
  );

export const IsSymbol = (options?: FieldOptions): PropertyDecorator =>
  IsMatching(SYMBOL, 'a canonical symbol such as 600519.SH', { ...options, code: SYMBOL_INVALID_FORMAT });

export const IsSymbolAlias = (options?: FieldOptions): PropertyDecorator =>
  IsMatching(SYMBOL_ALIAS, 'a symbol such as 600519, 600519.SH, SH600519 or 600519.XSHG', {
    ...options,
    code: SYMBOL_INVALID_FORMAT,
  });

/** 1 to `max` different symbols in any spelling; a text door splits at commas. */
export const IsSymbolAliases = (max: number, options?: FieldOptions): PropertyDecorator =>
  field(
    {
      name: 'isSymbolAliases',
      message: `1 to ${max} symbols such as 600519.SH`,
      code: SYMBOL_INVALID_FORMAT,
      test: (value) =>
        Array.isArray(value) &&
        value.length >= 1 &&
        value.length <= max &&
        value.every((one) => isText(one) && SYMBOL_ALIAS.test(one)),
      fromText: listFromText,
      api: { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: max },
    },
    options,
  );

/** A whole number between `min` and `max`. */
export const IsCount = (min: number, max: number, options?: FieldOptions & { code?: number }): PropertyDecorator =>
  field(
    {
      name: 'isCount',
      message: `a whole number from ${min} to ${max}`,
      ...(options?.code === undefined ? {} : { code: options.code }),
      test: (value) => Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max,
      fromText: numberFromText,
      api: { type: 'integer', minimum: min, maximum: max },
    },
    options,
  );

/**
 * A decimal between `min` and `max` with at most 6 decimals. A JSON number keeps 15 significant digits exactly
 * (IEEE 754 double), so a number that needs more is refused instead of being rounded in silence.
 */
export const IsDecimal = (min: number, max: number, options?: FieldOptions): PropertyDecorator =>
  field(
    {
      name: 'isDecimal',
      message: `a number from ${min} to ${max} with at most 6 decimals and 15 significant digits`,
      test: (value) => typeof value === 'number' && value >= min && value <= max && isExactDecimal(value),
      fromText: numberFromText,
      api: { type: 'number', minimum: min, maximum: max },
    },
    options,
  );

function isExactDecimal(value: number): boolean {
  const match = /^-?(\d+)(?:\.(\d+))?$/.exec(String(value));
  if (match === null) return false;
  const decimals = match[2] ?? '';
  return decimals.length <= 6 && `${match[1]}${decimals}`.replace(/^0+/, '').length <= 15;
}

export const IsOneOf = (values: readonly string[], options?: FieldOptions & { code?: number }): PropertyDecorator =>
  field(
    {
      name: 'isOneOf',
      message: `one of ${values.join(', ')}`,
      ...(options?.code === undefined ? {} : { code: options.code }),
      test: (value) => isText(value) && values.includes(value),
      api: { type: 'string', enum: [...values] },
    },
    options,
  );

export const IsFlag = (options?: FieldOptions): PropertyDecorator =>
  field(
    {
      name: 'isFlag',
      message: 'true or false',
      test: (value) => typeof value === 'boolean',
      fromText: (text) => (text === 'true' ? true : text === 'false' ? false : text),
      api: { type: 'boolean' },
    },
    options,
  );

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;

/** True for `YYYY-MM-DD` that names a real day from 1990 (the exchanges opened that December) to 2100. */
export function isDay(text: string): boolean {
  const match = DAY.exec(text);
  if (match === null) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const date = new Date(Date.UTC(year, month - 1, day));
  return year >= 1990 && year <= 2100 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/** `YYYY-MM-DD`, a day in China. */
export const IsDay = (options?: FieldOptions): PropertyDecorator =>
  field(
    {
      name: 'isDay',
      message: 'a date YYYY-MM-DD from 1990 to 2100',
      code: DATE_RANGE_INVALID,
      test: (value) => isText(value) && isDay(value),
      api: { type: 'string', format: 'date' },
    },
    options,
  );

const INSTANT = /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

function isInstant(text: string): boolean {
  const match = INSTANT.exec(text);
  return match !== null && isDay(match[1] ?? '');
}

/** An RFC 3339 instant with its zone, e.g. `2024-06-14T09:31:00+08:00`; fractions of a second of any length are read. */
export const IsInstant = (options?: FieldOptions): PropertyDecorator =>
  field(
    {
      name: 'isInstant',
      message: 'a time such as 2024-06-14T09:31:00+08:00 (RFC 3339; the zone is Z, +hh:mm or -hh:mm)',
      code: DATE_RANGE_INVALID,
      test: (value) => isText(value) && isInstant(value),
      api: { type: 'string', format: 'date-time' },
    },
    options,
  );

/** A day or an instant: the ends of a range. */
export const IsDayOrInstant = (options?: FieldOptions): PropertyDecorator =>
  field(
    {
      name: 'isDayOrInstant',
      message: 'a date YYYY-MM-DD or a time such as 2024-06-14T09:31:00+08:00',
      code: DATE_RANGE_INVALID,
      test: (value) => isText(value) && (isDay(value) || isInstant(value)),
      api: { type: 'string' },
    },
    options,
  );

/** Any finite number: for values that the owning service has already checked. */
export const IsNumeric = (options?: FieldOptions): PropertyDecorator =>
  field(
    {
      name: 'isNumeric',
      message: 'a number',
      test: (value) => typeof value === 'number' && Number.isFinite(value),
      api: { type: 'number' },
    },
    options,
  );
