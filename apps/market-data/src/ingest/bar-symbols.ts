import type { Exchange } from '@mystocks/contracts';
import { exchangeOf, parseAlias, symbolOf, type InstrumentKind } from '../instruments/symbols.js';
import type { BarColumns } from './bar-columns.js';
import { cellText } from './bar-cells.js';
import type { Fields } from './csv-records.js';
import { refusals, type Refusal } from './refusals.js';

/** An instrument that bars name and nobody knows. */
export interface Unknown {
  readonly symbol: string;
  readonly code: string;
  readonly exchange: Exchange;
  readonly kind: InstrumentKind;
}

/** What a line names: a known instrument's id, an unknown instrument, or nothing that could be one. */
export type Named =
  | { readonly id: number; readonly symbol: string }
  | { readonly id: undefined; readonly unknown: Unknown }
  | { readonly id: undefined; readonly unknown: undefined; readonly refusal: Refusal };

export type SymbolIds = ReadonlyMap<string, { readonly id: number }>;

const exchanges: ReadonlyMap<string, Exchange> = new Map([
  ['SSE', 'SSE'],
  ['SZSE', 'SZSE'],
  ['BSE', 'BSE'],
]);
const refuse = (refusal: Refusal): Named => ({ id: undefined, unknown: undefined, refusal });

/** Finds the instruments of lines. Lines of one instrument mostly stand together, so the last answer is kept. */
export class BarSymbols {
  readonly #columns: BarColumns;
  readonly #ids: SymbolIds;
  readonly #seen = new Map<string, Named>();
  #held: Uint8Array = new Uint8Array(0);
  #last: Named | undefined;

  constructor(columns: BarColumns, ids: SymbolIds) {
    this.#columns = columns;
    this.#ids = ids;
  }

  of(fields: Fields): Named {
    const { code, exchange, symbol } = this.#columns;
    if (this.#last !== undefined && this.#isHeld(fields, code, exchange, symbol)) return this.#last;
    const texts = [code, exchange, symbol].map((column) => textOf(fields, column));
    const key = texts.join(',');
    let named = this.#seen.get(key);
    if (named === undefined) {
      named = this.#find(texts[0] ?? '', texts[1] ?? '', texts[2] ?? '');
      this.#seen.set(key, named);
    }
    this.#held = Buffer.from(key, 'utf8');
    this.#last = named;
    return named;
  }

  /** Column by column, without an array of them: it is asked for every line. */
  #isHeld(fields: Fields, code: number, exchange: number, symbol: number): boolean {
    const behindCode = this.#behind(fields, code, 0);
    if (behindCode < 0) return false;
    const behindExchange = this.#behind(fields, exchange, behindCode + 1);
    return behindExchange >= 0 && this.#behind(fields, symbol, behindExchange + 1) === this.#held.length;
  }

  /** Where the column's text ends that was held from `at` on; -1 when another one is held. */
  #behind({ bytes, starts, ends }: Fields, column: number, at: number): number {
    if (column < 0) return at;
    const held = this.#held;
    const start = starts[column] as number;
    const length = (ends[column] as number) - start;
    for (let n = 0; n < length; n += 1) if (bytes[start + n] !== held[at + n]) return -1;
    return at + length;
  }

  #find(code: string, exchange: string, symbol: string): Named {
    if (symbol !== '') return this.#findAlias(symbol);
    const place = exchanges.get(exchange);
    if (place === undefined) return refuse(refusals.exchange);
    const found = symbolOf(code, place);
    if (found === undefined) return refuse(refusals.code);
    const { id } = this.#ids.get(found.symbol) ?? {};
    if (id !== undefined) return { id, symbol: found.symbol };
    return { id, unknown: { ...found, code: found.symbol.slice(0, 6), exchange: place } };
  }

  #findAlias(alias: string): Named {
    const parsed = parseAlias(alias);
    if (parsed === undefined) return refuse(refusals.symbol);
    if ('symbol' in parsed) return this.#findSymbol(parsed.symbol);
    const named = ['SH', 'SZ', 'BJ'].map((suffix) => `${parsed.code}.${suffix}`).filter((one) => this.#ids.has(one));
    if (named.length > 1) return refuse(refusals.ambiguous);
    return named[0] === undefined ? refuse(refusals.unknown) : this.#findSymbol(named[0]);
  }

  #findSymbol(symbol: string): Named {
    const { id } = this.#ids.get(symbol) ?? {};
    if (id !== undefined) return { id, symbol };
    const exchange = exchangeOf(symbol);
    if (exchange === undefined) return refuse(refusals.symbol);
    return { id, unknown: { symbol, code: symbol.slice(0, 6), exchange, kind: kindOf(symbol) } };
  }
}

const textOf = ({ bytes, starts, ends }: Fields, column: number): string =>
  column < 0 ? '' : cellText(bytes, starts[column] as number, ends[column] as number);

/** Index codes by the exchanges' numbering: 000xxx in Shanghai, 399xxx in Shenzhen, 899xxx in Beijing. */
function kindOf(symbol: string): InstrumentKind {
  return /^(000\d{3}\.SH|399\d{3}\.SZ|899\d{3}\.BJ)$/.test(symbol) ? 'index' : 'stock';
}
