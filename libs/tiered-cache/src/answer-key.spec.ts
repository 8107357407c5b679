import { describe, expect, it } from '@jest/globals';
import { answerKey, canonicalJson } from './answer-key.js';

describe('answerKey', () => {
  it('does not depend on the order or absence of fields', () => {
    expect(canonicalJson({ b: 1, a: { d: undefined, c: [2, { f: 1, e: 2 }] } })).toBe(
      '{"a":{"c":[2,{"e":2,"f":1}]},"b":1}',
    );
    expect(canonicalJson({})).toBe('{}');
  });

  it('depends on the order inside lists, on the subject and on every value', () => {
    expect(canonicalJson(['b', 'a'])).toBe('["b","a"]');
    const keys = [answerKey('svc.a', '{"x":1}'), answerKey('svc.b', '{"x":1}'), answerKey('svc.a', '{"x":"1"}')];
    expect(new Set(keys).size).toBe(3);
    expect(answerKey('svc.a', '{"x":1}')).toBe(keys[0]);
  });
});
