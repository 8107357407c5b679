import { hash } from 'node:crypto';
import { Failure, type Answer } from '@mystocks/contracts';

interface QuotesDocument {
  readonly quotes: Readonly<Record<string, object>>;
  readonly meta?: { readonly quality?: string };
}

/** `{quotes:{"600519.SH":{…}},meta}` -> `{symbol,quote,meta}`; nothing known is 404, never an invented price. */
export function singleQuote(answer: Answer): Answer {
  const { quotes, meta } = JSON.parse(answer.body.toString()) as QuotesDocument;
  const [one] = Object.entries(quotes);
  if (one === undefined) throw new Failure('not_found', 'There is no quote of this symbol yet');
  const [symbol, quote] = one;
  const { quality, ...rest } = meta ?? {};
  // The quality comes last, so that its place in the bytes is known (Answer.quality_at): `…"quality":"live"}}`.
  const body = Buffer.from(JSON.stringify({ symbol, quote, meta: { ...rest, quality } }));
  const quality_at = quality === undefined ? 0 : body.length - '}}'.length - JSON.stringify(quality).length;
  return { ...answer, body, quality_at, etag: `"${hash('sha256', body, 'base64url').slice(0, 22)}"` };
}
