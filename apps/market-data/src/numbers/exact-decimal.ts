/*
 * Decimals of at most 15 significant digits survive a double: its shortest text is the decimal that came in (IEEE 754). Sums
 * and products of them do not, so those are worked out in whole numbers of 10^-decimals.
 */

const DIGITS_MAX = 15;
// Below this a product with a power of ten is off by less than a half, so rounding finds the exact whole number.
const ROUNDABLE = 1e15;

/** `value` in whole units of 10^-decimals, exactly; `value` has at most that many decimals and 15 significant digits. */
export function unitsOf(value: number, decimals: number): bigint {
  const product = value * 10 ** decimals;
  if (product < ROUNDABLE) return BigInt(Math.round(product));
  return unitsOfText(String(value), decimals);
}

/** The same of a decimal as text, of any length. */
export function unitsOfText(text: string, decimals: number): bigint {
  const [whole = '', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(decimals, '0'));
}

/** Units of 10^-decimals as the shortest decimal: `105000` of 4 decimals is `10.5`. */
export function textOfUnits(units: bigint, decimals: number): string {
  const digits = units.toString().padStart(decimals + 1, '0');
  const fraction = digits.slice(-decimals).replace(/0+$/, '');
  const whole = digits.slice(0, -decimals);
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

/** `up / down` to a whole number, half away from zero; both above or equal to 0. */
export const roundedQuotient = (up: bigint, down: bigint): bigint => (2n * up + down) / (2n * down);

/** True when a double gives the decimal `text` (digits and perhaps a point) back, but for zeros at its ends. */
export function fitsDouble(text: string): boolean {
  if (text.length <= DIGITS_MAX) return true;
  const plain = text.includes('.') ? text.replace(/\.?0+$/, '') : text;
  const digits = plain.replace('.', '').replace(/^0+/, '');
  return digits.length <= DIGITS_MAX || (!plain.includes('.') && digits.replace(/0+$/, '').length <= DIGITS_MAX);
}
