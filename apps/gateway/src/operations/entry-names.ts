import { exchangeSuffix, Failure, keptCalls, quoteTag } from '@mystocks/contracts';
import { answerKey, canonicalJson } from '@mystocks/tiered-cache';
import { checkInput } from '../http/input.js';

const KEY = /^[A-Za-z0-9_-]{43}$/;
const suffixes: readonly string[] = Object.values(exchangeSuffix);
const otherSuffix: Readonly<Record<string, string>> = {
  ...exchangeSuffix,
  ...{ XSHG: 'SH', XSHE: 'SZ', XBSE: 'BJ' },
};

/**
 * The key of an answer as people name it: the key itself, or the call and its request as they would send it, with or
 * without the fields that have a default (`svc.market-data.bars.list.v1 {"symbol":"600519.SH"}`).
 * @throws {Failure} `invalid` when it is neither
 */
export function keyOf(name: string): string {
  if (KEY.test(name)) return name;
  const space = name.indexOf(' ');
  const subject = space < 0 ? name : name.slice(0, space);
  const call = keptCalls.get(subject);
  if (call === undefined || space < 0)
    throw new Failure(
      'invalid',
      'The key is neither 43 characters of base64url nor the subject of a call whose answers are kept, a space and its request as JSON',
    );
  return answerKey(subject, canonicalJson(checkInput(call.request, jsonOf(name.slice(space + 1)))));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Failure('invalid', 'What stands behind the subject is not JSON', { cause: error });
  }
}

/** Tags of everything that shows a symbol in any spelling. A bare code names no exchange: all of them are meant. */
export function tagsOfSymbol(spelling: string): string[] {
  const text = spelling.toUpperCase();
  const [code] = /\d{6}/.exec(text) ?? [text];
  const given = text.replace(code, '').replace('.', '');
  const suffix = otherSuffix[given] ?? given;
  const symbols = (suffix === '' ? suffixes : [suffix]).map((one) => `${code}.${one}`);
  return symbols.flatMap((symbol) => [symbol, quoteTag(symbol)]);
}
