import { hash } from 'node:crypto';
import { Failure, type Answer } from '@mystocks/contracts';

/** `{quotes:{"600519.SH":{…}},meta}` -> `{symbol,quote,meta}`; nothing known is 404, never an invented price. */
export function singleQuote(answer: Answer): Answer {
  const { quotes, meta } = JSON.parse(answer.body.toString()) as { quotes: Record<string, object>; meta?: object };
  const [one] = Object.entries(quotes);
  if (one === undefined) throw new Failure('not_found', 'There is no quote of this symbol yet');
  const [symbol, quote] = one;
  const body = Buffer.from(JSON.stringify({ symbol, quote, meta }));
  return { ...answer, body, etag: `"${hash('sha256', body, 'base64url').slice(0, 22)}"` };
}
