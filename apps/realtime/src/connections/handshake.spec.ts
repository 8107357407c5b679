import { describe, expect, it } from '@jest/globals';
import { readPacket, writePacket } from './node-packet.js';
import { heartbeat, limits } from '../sessions/limits.js';
import { readSubscribe } from '../market/market.requests.js';
import { mayConnect, parseOrigins } from './origins.js';
import { Rate } from '../sessions/rate.js';

describe('origins', () => {
  const allowed = parseOrigins('https://a.example, https://b.example:8443 ,null,');
  const host = '127.0.0.1:3010';

  it.each([undefined, 'https://a.example', 'https://b.example:8443'])(
    'lets a program or a configured origin in: %s',
    (origin) => {
      expect(mayConnect({ origin, host }, allowed)).toBe(true);
    },
  );

  it.each([
    ['http://127.0.0.1:3010', '127.0.0.1:3010'],
    ['https://127.0.0.1:3010', '127.0.0.1:3010'],
    ['https://market.example', 'market.example'],
    ['https://market.example', 'market.example:443'],
    ['http://market.example:80', 'market.example'],
    ['http://Market.Example', 'market.EXAMPLE'],
    ['http://[::1]:3010', '[::1]:3010'],
  ])('lets %s in as the origin of the server that is reached as %s', (origin, own) => {
    expect(mayConnect({ origin, host: own }, parseOrigins(undefined))).toBe(true);
  });

  it.each([
    ['http://127.0.0.1:3011', '127.0.0.1:3010'],
    ['http://127.0.0.1', '127.0.0.1:3010'],
    ['http://localhost:3010', '127.0.0.1:3010'],
    ['https://market.example.evil', 'market.example'],
    ['https://evil.example/market.example', 'market.example'],
    ['https://evil.example@market.example', 'market.example'],
    ['https://evil.example#@market.example', 'market.example'],
    ['https://market.example\\.evil', 'market.example'],
    ['file://market.example', 'market.example'],
    ['http://market.example', undefined],
    ['http://market.example', 'http://market.example'],
    ['null', 'null'],
  ])('refuses the origin %s where the server is reached as %s', (origin, own) => {
    const headers = own === undefined ? { origin } : { origin, host: own };
    expect(mayConnect(headers, parseOrigins(undefined))).toBe(false);
  });

  it.each(['null', '', 'https://A.example', 'https://a.example.evil', 'http://a.example', '*'])(
    'refuses the foreign origin %j',
    (origin) => {
      expect(mayConnect({ origin, host }, allowed)).toBe(false);
      expect(mayConnect({ origin, host }, parseOrigins(undefined))).toBe(false);
    },
  );
});

describe('limits of a socket', () => {
  it('limits of a socket let the largest subscribe that is valid through in one message, however it is written', () => {
    const name = '\u4e07'.repeat(64);
    const channels = Array.from({ length: limits.channels_max }, () => name);
    const point = { epoch: '\u4e07'.repeat(20), offset: Number.MAX_SAFE_INTEGER };
    const recover = channels.map((one) => `${JSON.stringify(one)} : ${JSON.stringify(point, undefined, 1)}`).join(', ');
    const packet = `42/market,12345678["subscribe",{"channels": ${JSON.stringify(channels)}, "recover": {${recover}}}]`;
    expect(Buffer.byteLength(packet)).toBeLessThanOrEqual(limits.message_bytes_max);
    expect(readSubscribe({ channels, recover: { [name]: point }, mode: 'live' }).recover.size).toBe(1);
  });

  it('limits of a socket send a ping so often that no proxy with the usual 60 seconds sees an idle connection, even if one answer is late', () => {
    expect(heartbeat.pingInterval + heartbeat.pingTimeout).toBeLessThan(60_000);
  });
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
  it('packets between nodes come back as they were written', () => {
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
  ])('packets between nodes pass over %j', (text) => {
    const read = readPacket(Buffer.from(text));
    expect(Array.isArray(read) ? read : Object.keys(read as object)).toEqual([]);
  });
});
