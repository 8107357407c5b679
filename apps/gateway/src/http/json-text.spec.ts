import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { elementsOf, readJson } from './json-text.js';

const bytes = (text: string): Buffer => Buffer.from(text);
const own = new Set(['__proto__', 'constructor', 'prototype']);
const isHarmless = (value: unknown): boolean =>
  typeof value !== 'object' ||
  value === null ||
  Object.entries(value).every(([key, inner]) => !own.has(key) && isHarmless(inner));

describe('a JSON body', () => {
  it('a JSON body is read as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }).filter(isHarmless), (value) => {
        const text = JSON.stringify(value);
        expect(readJson(bytes(text)).value).toEqual(JSON.parse(text));
      }),
    );
  });

  it('gives the elements of its list as they were written', () => {
    const element = fc
      .jsonValue({ maxDepth: 3 })
      .filter(isHarmless)
      .map((value) => JSON.stringify(value));
    fc.assert(
      fc.property(fc.array(element, { maxLength: 8 }), fc.constantFrom('', ' '), (elements, space) => {
        const body = readJson(bytes(`{"x":[1],"items":[${elements.join(`,${space}`)}],"y":{"items":[2]}}`));
        expect(elementsOf(body, 'items').map((one) => one.trim())).toEqual(elements);
      }),
    );
  });

  it('keeps every digit of a number', () => {
    const number = fc
      .tuple(fc.bigInt({ min: 1n, max: 10n ** 30n }), fc.bigInt({ min: 0n, max: 10n ** 30n }))
      .map(([whole, part]) => `${whole}.${part}0`);
    fc.assert(
      fc.property(number, (digits) => {
        expect(elementsOf(readJson(bytes(`{"items":[{"c":${digits}}]}`)), 'items')).toEqual([`{"c":${digits}}`]);
      }),
    );
  });

  it('gives each element one line', () => {
    expect(elementsOf(readJson(bytes('{"items":[{\r\n"a":1},\n{"b":2}]}')), 'items').join('')).not.toMatch(/[\r\n]/);
  });

  it.each([
    ['a key twice', '{"a":1,"a":2}'],
    ['a key twice, once escaped', '{"a":1,"\\u0061":2}'],
    ['a key of prototypes', '{"x":{"__proto__":1}}'],
    ['33 levels', `${'['.repeat(33)}${']'.repeat(33)}`],
    ['no JSON', '{'],
  ])('a JSON body is refused with %s', (_what, text) => {
    expect(() => readJson(bytes(text))).toThrow(expect.objectContaining({ code: 'invalid' }));
  });

  it('names the key that stands twice in one object', () => {
    const twice = (text: string) => () => readJson(bytes(text));
    expect(twice('{"items":[{"o":1},{"o":1,"h":2,"\\u006f":2}]}')).toThrow(
      'The body has the key "o" twice in one object',
    );
  });

  it('a JSON body may have the same key in two objects, and quotes and brackets in text', () => {
    expect(readJson(bytes('[{"a":"]}\\",{"},{"a":"\\\\"}]')).value).toEqual([{ a: ']}",{' }, { a: '\\' }]);
  });
});
