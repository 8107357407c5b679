import { Failure, problems } from '@mystocks/contracts';
import type { InstrumentDirectory } from './instrument-directory.js';
import type { Instrument } from './instruments.repository.js';
import { listTags } from './list-tags.js';

/** A symbol of a request that the answer leaves out, and why; one item of `meta.errors`. */
export interface SymbolError {
  /** The symbol as the client wrote it. */
  readonly symbol: string;
  readonly code: number;
  readonly message: string;
}

/** What the symbols of one request name. */
export interface NamedInstruments {
  /** The distinct instruments, in the order of the request. */
  readonly instruments: readonly Instrument[];
  /** Tags of an answer that depends on the list of instruments. */
  readonly listTags: readonly string[];
  readonly errors: readonly SymbolError[];
  /** The failure of a request none of whose symbols was found; undefined when at least one was found. */
  readonly refusal: Failure | undefined;
}

/** Finds the instruments of a request. An unknown or ambiguous symbol is named in `errors`; the others are still found. */
export async function namedInstruments(
  directory: Pick<InstrumentDirectory, 'find'>,
  aliases: readonly string[],
): Promise<NamedInstruments> {
  const found = await Promise.all(aliases.map((alias) => directory.find(alias).catch(ambiguity)));
  const named = found.map((one) => (one instanceof Failure ? undefined : one));
  const known = named.filter((one) => one !== undefined);
  const unknown = aliases.filter((_, index) => found[index] === undefined);
  const errors = aliases.flatMap((symbol, index): SymbolError[] => {
    const one = found[index];
    if (one === undefined)
      return [{ symbol, code: problems.MARKET_DATA_NOT_FOUND, message: `There is no instrument ${symbol}` }];
    return one instanceof Failure ? [{ symbol, code: problems.SYMBOL_AMBIGUOUS, message: one.message }] : [];
  });
  return {
    instruments: [...new Map(known.map((one) => [one.symbol, one])).values()],
    listTags: listTags(aliases, named),
    errors,
    refusal: known.length > 0 ? undefined : (found.find((one) => one instanceof Failure) ?? notFound(unknown)),
  };
}

const notFound = (aliases: readonly string[]): Failure =>
  new Failure('not_found', `There is no instrument ${aliases.join(', ')}`, { problem: 'MARKET_DATA_NOT_FOUND' });

function ambiguity(error: unknown): Failure {
  if (error instanceof Failure && error.problem === 'SYMBOL_AMBIGUOUS') return error;
  throw error;
}
