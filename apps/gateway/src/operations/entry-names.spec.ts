import { describe, expect, it } from '@jest/globals';
import { listBars, ListBarsRequest } from '@mystocks/contracts';
import { answerKey, canonicalJson } from '@mystocks/tiered-cache';
import { checkInput } from '../http/input.js';
import { keyOf, tagsOfSymbol } from './entry-names.js';

const asked = checkInput(ListBarsRequest, { symbol: '600519.SH', limit: 20 });
const key = answerKey(listBars.subject, canonicalJson(asked));

describe('a kept answer is named', () => {
  it.each([
    ['by its key', key],
    ['by call and request, defaults left out', `${listBars.subject} {"symbol":"600519.SH","limit":20}`],
    ['in any order, with blanks', `${listBars.subject} { "limit": 20, "symbol": "600519.SH" }`],
    ['with defaults written', `${listBars.subject} ${canonicalJson(asked)}`],
  ])('%s', (_how, name) => {
    expect(keyOf(name)).toBe(key);
  });

  it.each([
    ['nothing of the kind', 'latest', /neither 43 characters/],
    ['a subject alone', listBars.subject, /neither 43 characters/],
    ['a call whose answers are not kept', 'svc.auth.users.list.v1 {}', /neither 43 characters/],
    ['the cache service itself', 'svc.cache.answer.read.v1 {}', /neither 43 characters/],
    ['a name every object has', 'constructor {}', /neither 43 characters/],
    ['a request that is no JSON', `${listBars.subject} symbol=600519.SH`, /not JSON/],
    ['a request of another shape', `${listBars.subject} {"symbols":["600519.SH"]}`, /is not a known field.*is missing/],
    ['a key that is one short', key.slice(1), /neither 43 characters/],
  ])('not by %s', (_what, name, message) => {
    expect(() => keyOf(name)).toThrow(message);
  });
});

describe('the tags of a symbol', () => {
  it.each(['600519.SH', 'sh600519', '600519.XSHG', '600519.sse'])(
    'the tags of a symbol are its bars and its quotes: %s',
    (spelling) => {
      expect(tagsOfSymbol(spelling)).toEqual(['600519.SH', 'quote:600519.SH']);
    },
  );

  it('the tags of a symbol are those of every exchange when none is named', () => {
    expect(tagsOfSymbol('000001').filter((tag) => !tag.startsWith('quote:'))).toEqual([
      '000001.SH',
      '000001.SZ',
      '000001.BJ',
    ]);
  });
});
