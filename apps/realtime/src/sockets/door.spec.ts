import { describe, expect, it } from '@jest/globals';
import { readPacket, writePacket } from './node-packet.js';
import { mayConnect, parseOrigins } from './origins.js';
import { Rate } from './rate.js';

describe('origins', () => {
  const allowed = parseOrigins('https://a.example, https://b.example:8443 ,null,');

  it('lets programs and the listed origins in', () => {
    expect([undefined, 'https://a.example', 'https://b.example:8443'].map((one) => mayConnect(one, allowed))).toEqual([
      true,
      true,
      true,
    ]);
  });

  it.each(['null', '', 'https://A.example', 'https://a.example.evil', 'http://a.example', '*'])(
    'refuses %j',
    (origin) => {
      expect(mayConnect(origin, allowed)).toBe(false);
      expect(mayConnect(origin, parseOrigins(undefined))).toBe(false);
    },
  );
});

describe('Rate', () => {
  it('gives the burst at once and then the average', () => {
    const rate = new Rate({ perSecond: 2, burst: 3 }, 0);
    expect([0, 0, 0, 0, 400, 500, 500, 10_000, 10_000, 10_000, 10_000].map((ms) => rate.take(ms))).toEqual([
      true,
      true,
      true,
      false,
      false,
      true,
      false,
      true,
      true,
      true,
      false,
    ]);
  });
});

describe('packets between nodes', () => {
  it('come back as they were written', () => {
    const packet = ['uid', { type: 2, data: ['x', { a: 1 }], nsp: '/' }, { rooms: ['r'], except: [], flags: {} }];
    expect(readPacket(writePacket(packet))).toEqual(packet);
    expect(readPacket(writePacket({ type: 4, opts: {} }))).toEqual({ type: 4, opts: {} });
  });

  it.each([
    '',
    '{',
    '[1,2',
    'null',
    '7',
    '[]',
    '["uid",null,{}]',
    '["uid",{"nsp":"/"}]',
    '["uid",{"nsp":"/"},{"rooms":7,"except":[]}]',
    '[1,{"nsp":"/"},{"rooms":[],"except":[]}]',
  ])('pass over %j', (text) => {
    const read = readPacket(Buffer.from(text));
    expect(Array.isArray(read) ? read : Object.keys(read as object)).toEqual([]);
  });
});
