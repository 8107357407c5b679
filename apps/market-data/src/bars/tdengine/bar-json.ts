import { withZone } from '@mystocks/calendar';
import { textOfUnits } from '../../numbers/exact-decimal.js';
import { PRICE_DECIMALS, type Price, type ShownBar } from '../stored/shown-bar.js';

/** The bar as the JSON of a client, as PostgreSQL writes it too; '' while a price is not known. */
export function barJson({ t, open, high, low, close, volume, amount, suspended }: ShownBar): string {
  if (open === null || high === null || low === null || close === null) return '';
  return `{"t":"${withZone(t)}","o":${text(open)},"h":${text(high)},"l":${text(low)},"c":${text(close)},"v":${volume},"amt":${amount ?? 'null'}${suspended === true ? ',"suspended":true' : ''}}`;
}

const text = (price: Price): string => (typeof price === 'number' ? String(price) : textOfUnits(price, PRICE_DECIMALS));
