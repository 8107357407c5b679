import { describe, expect, it } from '@jest/globals';
import { exchanges, exchangeSuffix } from '@mystocks/contracts';
import { SYMBOL_ALIAS } from '@mystocks/validation';
import fc from 'fast-check';
import { aliasesOf, exchangeOf, parseAlias, symbolOf } from './symbols.js';

const code = fc.integer({ min: 0, max: 999_999 }).map((number) => String(number).padStart(6, '0'));
const exchange = fc.constantFrom(...exchanges);

describe('the spellings of a symbol', () => {
  it('all read back as the symbol, in any case, and are accepted by the gateway', () => {
    fc.assert(
      fc.property(code, exchange, fc.boolean(), (digits, place, lower) => {
        const symbol = `${digits}.${exchangeSuffix[place]}`;
        for (const alias of aliasesOf(symbol)) {
          const written = lower ? alias.toLowerCase() : alias;
          expect(SYMBOL_ALIAS.test(written)).toBe(true);
          expect(parseAlias(written)).toEqual({ symbol });
        }
        expect(parseAlias(digits)).toEqual({ code: digits });
        expect(exchangeOf(symbol)).toBe(place);
      }),
    );
  });

  it.each([
    '',
    '60051',
    '6005190',
    '６００５１９',
    '٦٠٠٥١٩',
    '600519.XX',
    '600519.SH ',
    "600519' OR 1=1",
    'IDX000001',
    'SH.600519',
    '600519.sh.sh',
  ])('refuses %j', (text) => {
    expect(parseAlias(text)).toBeUndefined();
  });

  it('reads the codes of files, where indexes say that they are', () => {
    expect(symbolOf('000001', 'SZSE')).toEqual({ symbol: '000001.SZ', saysIndex: false });
    expect(symbolOf('IDX000001', 'SSE')).toEqual({ symbol: '000001.SH', saysIndex: true });
    expect(symbolOf('IDX00001', 'SSE')).toBeUndefined();
    expect(symbolOf('６００５１９', 'SSE')).toBeUndefined();
  });
});
