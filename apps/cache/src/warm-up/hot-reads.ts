import { latestQuotes, listBars, snapshots, type Call, type ReadAnswerRequest } from '@mystocks/contracts';
import { canonicalJson } from '@mystocks/tiered-cache';

/**
 * What users ask of a symbol when they say nothing else: its daily bars; while the market stands still its latest quote
 * and its snapshot too. During trading those expire in seconds, so warming them is useless.
 */
export function readsOf(symbols: readonly string[], isStill: boolean): ReadAnswerRequest[] {
  return symbols.flatMap((symbol) => [
    readOf(listBars, { symbol }),
    ...(isStill ? [latestQuotes, snapshots].map((call) => readOf(call, { symbols: [symbol] })) : []),
  ]);
}

const readOf = ({ subject }: Pick<Call, 'subject'>, request: object): ReadAnswerRequest => ({
  subject,
  request: canonicalJson(request),
});
