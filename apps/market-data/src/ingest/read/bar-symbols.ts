import type { Day } from '@mystocks/calendar';
import { exchangeSuffix, type Exchange, type InstrumentKind, type InstrumentStatus } from '@mystocks/contracts';
import { isAlsoNoIndex, plannedKind } from '../../instruments/numbers/number-plan.js';
import { exchangeOf, listedFirst, parseAlias, symbolOf } from '../../instruments/symbols.js';
import type { BarColumns } from '../../lines/bar-columns.js';
import { cellText } from '../../lines/bar-cells.js';
import type { Fields } from '../../lines/csv-records.js';
import { indexMissed, indexNotSaid, noSuchCode, refusals, type Refusal } from '../../lines/refusals.js';

/** An instrument that bars name, that is not stored yet, and whose number its exchange has. */
export interface Unknown {
  readonly symbol: string;
  readonly code: string;
  readonly exchange: Exchange;
  readonly kind: InstrumentKind;
}

/** The instrument that a line names: the id of a known one, an unknown one, or undefined when the text cannot name one. */
export type Named =
  | { readonly id: number; readonly symbol: string }
  | { readonly id: undefined; readonly unknown: Unknown }
  | { readonly id: undefined; readonly unknown: undefined; readonly refusal: Refusal };

/** The stored instruments by canonical symbol. */
export type SymbolIds = ReadonlyMap<
  string,
  { readonly id: number; readonly kind: InstrumentKind; readonly status: InstrumentStatus }
>;

/** What the spelling of a line says about its instrument; a symbol names it exactly and says nothing more. */
type Spelling = 'symbol' | 'code' | 'index code';

export interface BarSymbolsOptions {
  readonly ids: SymbolIds;
  readonly today: Day;
  /** Names the instrument of a file whose lines do not name it. */
  readonly symbol: string | undefined;
  /** Volumes or amounts are converted from the lots of shares, which bonds do not have. */
  readonly inLots: boolean;
}

const exchanges: ReadonlyMap<string, Exchange> = new Map([
  ['SSE', 'SSE'],
  ['SZSE', 'SZSE'],
  ['BSE', 'BSE'],
]);
const refuse = (refusal: Refusal): Named => ({ id: undefined, unknown: undefined, refusal });

/** Finds the instruments of lines. Lines of one instrument mostly follow each other, so the last result is kept. */
export class BarSymbols {
  readonly #columns: BarColumns;
  readonly #ids: SymbolIds;
  readonly #today: Day;
  readonly #given: string | undefined;
  readonly #inLots: boolean;
  readonly #seen = new Map<string, Named>();
  #held: Uint8Array = new Uint8Array(0);
  #last: Named | undefined;

  constructor(columns: BarColumns, { ids, today, symbol, inLots }: BarSymbolsOptions) {
    this.#columns = columns;
    this.#ids = ids;
    this.#today = today;
    this.#given = symbol;
    this.#inLots = inLots;
  }

  of(fields: Fields): Named {
    const { code, exchange, symbol } = this.#columns;
    if (this.#last !== undefined && this.#isHeld(fields, code, exchange, symbol)) return this.#last;
    const texts = [code, exchange, symbol].map((column) => textOf(fields, column));
    const key = texts.join(',');
    let named = this.#seen.get(key);
    if (named === undefined) {
      named = this.#withUnits(this.#find(texts[0] ?? '', texts[1] ?? '', texts[2] ?? ''));
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

  #withUnits(named: Named): Named {
    if (!this.#inLots) return named;
    const kind = named.id === undefined ? named.unknown?.kind : this.#ids.get(named.symbol)?.kind;
    return kind === 'bond' ? refuse(refusals.bondLots) : named;
  }

  #find(code: string, exchange: string, symbol: string): Named {
    if (symbol !== '') return this.#findAlias(symbol);
    if (this.#given !== undefined) return this.#findAlias(this.#given);
    const place = exchanges.get(exchange);
    if (place === undefined) return refuse(refusals.exchange);
    const found = symbolOf(code, place);
    if (found === undefined) return refuse(refusals.code);
    return this.#findSymbol(found.symbol, found.saysIndex ? 'index code' : 'code');
  }

  #findAlias(alias: string): Named {
    const parsed = parseAlias(alias);
    if (parsed === undefined) return refuse(refusals.symbol);
    if ('symbol' in parsed) return this.#findSymbol(parsed.symbol, 'symbol');
    const named = Object.values(exchangeSuffix).flatMap((suffix) => {
      const symbol = `${parsed.code}.${suffix}`;
      const known = this.#ids.get(symbol);
      return known === undefined ? [] : [{ symbol, ...known }];
    });
    const [first, second] = listedFirst(named);
    if (second !== undefined) return refuse(refusals.ambiguous);
    if (first === undefined) return refuse(refusals.unknownCode);
    if (first.kind === 'index' && isAlsoNoIndex(parsed.code)) return refuse(indexNotSaid(first.symbol));
    return { id: first.id, symbol: first.symbol };
  }

  #findSymbol(symbol: string, spelling: Spelling): Named {
    const exchange = exchangeOf(symbol);
    if (exchange === undefined) return refuse(refusals.symbol);
    const code = symbol.slice(0, 6);
    const known = this.#ids.get(symbol);
    const kind = known?.kind ?? plannedKind(exchange, code, this.#today);
    if (kind === undefined) return refuse(noSuchCode(exchange, code));
    if (spelling === 'index code' && kind !== 'index') return refuse(indexMissed(symbol, kind));
    if (spelling === 'code' && kind === 'index' && isAlsoNoIndex(code)) return refuse(indexNotSaid(symbol));
    if (known !== undefined) return { id: known.id, symbol };
    return { id: undefined, unknown: { symbol, code, exchange, kind } };
  }
}

const textOf = ({ bytes, starts, ends }: Fields, column: number): string =>
  column < 0 ? '' : cellText(bytes, starts[column] as number, ends[column] as number);
