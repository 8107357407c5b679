import { latestQuotes, listBars, type WarmAnswersRequest } from '@mystocks/contracts';
import { canonicalJson } from '@mystocks/tiered-cache';
import type { PrewarmBody } from './cache.shapes.js';

/** What is read ahead: the reads as given, and for each symbol its daily bars and its latest quote. */
export function readsOf({ reads = [], symbols = [] }: PrewarmBody): WarmAnswersRequest {
  const ofSymbols = symbols.flatMap((symbol) => [
    { subject: listBars.subject, request: canonicalJson({ symbol }) },
    { subject: latestQuotes.subject, request: canonicalJson({ symbols: [symbol] }) },
  ]);
  return { reads: [...reads.map(asRead), ...ofSymbols] };
}

/** A client writes a request as JSON; the call takes it as text. Whatever else it may be is refused there, alone. */
function asRead(read: unknown): unknown {
  if (typeof read !== 'object' || read === null || !('request' in read)) return read;
  return { ...read, request: canonicalJson(read.request) };
}
