import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { folded, nameMatcher } from './name-search.js';
import { recordedData } from '@mystocks/testing';

const LIST = new URL('cn_stock_list_mit.csv', recordedData);
const names = [
  '平安银行',
  '万  科Ａ',
  '京东方Ａ',
  '*ST澄星',
  '长江电力',
  '重庆啤酒',
  '绿地控股',
  'TCL科技',
  '中国平安',
];
const found = (text: string): string[] => names.filter(nameMatcher(folded(text)));

describe('the search for names', () => {
  it.each([
    ['万科A', ['万  科Ａ']],
    ['万科ａ', ['万  科Ａ']],
    ['万 科', ['万  科Ａ']],
    ['京东方A', ['京东方Ａ']],
    ['tcl', ['TCL科技']],
  ])('finds %s whatever the width, case and blanks', (text, expected) => {
    expect(found(text)).toEqual(expected);
  });

  it.each([
    ['*ST', ['*ST澄星']],
    ['%', []],
    ['_', []],
    ['.*', []],
    ['\\', []],
  ])('takes %s literally', (text, expected) => {
    expect(found(text)).toEqual(expected);
  });

  it.each([
    ['payh', ['平安银行']],
    ['PAYH', ['平安银行']],
    ['pingan', ['平安银行', '中国平安']],
    ['pinganyinh', ['平安银行']],
    ['zgpa', ['中国平安']],
    ['yinhang', ['平安银行']],
    ['wankea', ['万  科Ａ']],
    ['wka', ['万  科Ａ']],
    ['changjiang', ['长江电力']],
    ['chongqing', ['重庆啤酒']],
    ['cqpj', ['重庆啤酒']],
    ['lvdi', ['绿地控股']],
    ['lüdi', ['绿地控股']],
    ['tclkj', ['TCL科技']],
    ['stcx', ['*ST澄星']],
    ['ingan', []],
    ['pinganyinhangx', []],
  ])('finds by the pinyin %s', (text, expected) => {
    expect(found(text)).toEqual(expected);
  });

  it('does not look up a single letter as pinyin', () => {
    expect(found('p')).toEqual([]);
    expect(found('a')).toEqual(['万  科Ａ', '京东方Ａ']);
  });

  it('ends for any text, and finds every name by any part of itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.nat(), (text, at) => {
        nameMatcher(folded(text))('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 长重行乐');
        const name = names[at % names.length] ?? '';
        expect(nameMatcher(folded(name.slice(at % name.length)))(name)).toBe(true);
      }),
    );
    expect(nameMatcher('a'.repeat(39) + 'b')('a'.repeat(100))).toBe(false);
  });

  (existsSync(LIST) ? it : it.skip)('finds banks in the real list by their pinyin (recorded data)', () => {
    const listed = readFileSync(LIST, 'utf8').split('\n').slice(1);
    const of = (text: string): string[] =>
      listed.filter((line) => nameMatcher(text)(line.split(',')[2] ?? '')).map((line) => line.slice(0, 6));
    expect(of('payh')).toEqual(['000001']);
    expect(of('gzmt')).toEqual(['600519']);
    expect(of('pingan')).toEqual(expect.arrayContaining(['000001', '601318']));
  });
});
