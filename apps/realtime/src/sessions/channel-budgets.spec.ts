import { describe, expect, it, jest } from '@jest/globals';
import type { Socket } from 'socket.io';
import { addressGroup, isPublic } from '@mystocks/edge';
import { ChannelBudgets } from './channel-budgets.js';
import { KeyedRates } from './keyed-rates.js';
import { limits } from './limits.js';
import { Session } from './session.js';

const NOW_MS = Date.parse('2024-06-14T10:00:00+08:00');
const caps = { userSocketsMax: 20, addressChannelsPerS: undefined };

function sessionOf(id: string, from = '198.51.100.1'): Session {
  const socket = { handshake: { address: from } } as unknown as Socket;
  const caller = { id, username: id, roles: ['user'] as const, expiresAtMs: Infinity };
  return new Session(socket, { caller, token: 't' }, NOW_MS);
}

/** How many requests for `count` channels each of these sessions is granted in turn, until none is granted any more. */
function granted(budgets: ChannelBudgets, sessions: readonly Session[], count: number): number {
  let sum = 0;
  for (let before = -1; before !== sum;) {
    before = sum;
    for (const session of sessions) {
      try {
        budgets.take(session, count);
        sum += 1;
      } catch {
        continue;
      }
    }
  }
  return sum;
}

describe('budgets of channels', () => {
  it('budgets of channels let every socket that a user may hold subscribe to all its channels at once, and one socket twice', () => {
    jest.useFakeTimers({ now: NOW_MS });
    const sockets = Array.from({ length: 20 }, () => sessionOf('u1'));
    expect(granted(new ChannelBudgets(caps), sockets, limits.channels_max)).toBe(20);
    expect(granted(new ChannelBudgets(caps), [sessionOf('u1')], limits.channels_max)).toBe(2);
    jest.useRealTimers();
  });

  it('budgets of channels say after how many seconds a request that was refused is granted', () => {
    jest.useFakeTimers({ now: NOW_MS });
    const [budgets, session] = [new ChannelBudgets(caps), sessionOf('u1')];
    granted(budgets, [session], 200);
    const refused = (): unknown => {
      try {
        budgets.take(session, 200);
      } catch (error) {
        return error;
      }
      return undefined;
    };
    expect(refused()).toMatchObject({ code: 'rate_limited', retryAfterS: 5 });
    jest.setSystemTime(NOW_MS + 3_000);
    expect(refused()).toMatchObject({ code: 'rate_limited', retryAfterS: 2 });
    jest.setSystemTime(NOW_MS + 5_000);
    expect(refused()).toBeUndefined();
    jest.useRealTimers();
  });

  it('budgets of channels count for a user over all sockets, also over those that come after others have gone', () => {
    jest.useFakeTimers({ now: NOW_MS });
    const budgets = new ChannelBudgets(caps);
    const sockets = (): Session[] => Array.from({ length: 20 }, () => sessionOf('u1'));
    expect(granted(budgets, sockets(), 100)).toBe(40);
    expect(granted(budgets, sockets(), 100)).toBe(0);
    expect(granted(budgets, [sessionOf('u2')], 100)).toBe(4);
    jest.useRealTimers();
  });

  it('budgets of channels count for an address over all users', () => {
    jest.useFakeTimers({ now: NOW_MS });
    const budgets = new ChannelBudgets(caps);
    const users = Array.from({ length: 200 }, (_, index) => sessionOf(`u${index}`));
    expect(granted(budgets, users, 200)).toBe(100);
    expect(granted(budgets, [sessionOf('u500', '198.51.100.2')], 200)).toBe(2);
    const behindProxy = (budget: ChannelBudgets): number =>
      granted(
        budget,
        Array.from({ length: 200 }, (_, index) => sessionOf(`p${index}`, '::ffff:10.0.0.1')),
        200,
      );
    expect(behindProxy(budgets)).toBe(400);
    expect(behindProxy(new ChannelBudgets({ ...caps, addressChannelsPerS: 500 }))).toBe(50);
    jest.useRealTimers();
  });
});

describe('buckets by key', () => {
  it('buckets by key are bounded: full ones are evicted first, then the oldest', () => {
    const rates = new KeyedRates({ perSecond: 1, burst: 10 }, 100);
    for (let key = 0; key < 100; key += 1) rates.of(`a${key}`, 0).take(0, key < 50 ? 1 : 10);
    rates.of('new', 2_000);
    expect(rates.size).toBe(51);
    for (let key = 0; key < 1_000; key += 1) rates.of(`b${key}`, 2_000).take(2_000, 10);
    expect(rates.size).toBeLessThanOrEqual(100);
    expect(rates.of('b999', 2_000).take(2_000, 1)).toBe(false);
  });
});

describe('the address that a limit counts for', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:0db8:0001:0002::9', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
  ])('the address that a limit counts for of %s is %s', (address, group) => {
    expect(addressGroup(address)).toBe(group);
  });

  it.each(['127.0.0.1', '::1', '::ffff:192.168.1.1', 'fd00::1', 'fe80::1%eth0', '172.31.0.1'])(
    'the address that a limit counts for is not public when it is %s',
    (address) => {
      expect(isPublic(address)).toBe(false);
    },
  );

  it.each(['198.51.100.1', '172.32.0.1', '2001:db8::1', '::ffff:8.8.8.8'])(
    'the address that a limit counts for is public when it is %s',
    (address) => {
      expect(isPublic(address)).toBe(true);
    },
  );
});
