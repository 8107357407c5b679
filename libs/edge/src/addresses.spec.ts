import { expect, it } from '@jest/globals';
import { clientOf, connectionsMaxOf } from './addresses.js';

it.each([
  ['203.0.113.9', '203.0.113.9'],
  ['::ffff:203.0.113.9', '203.0.113.9'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::6', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('The address %s counts as the client %s', (address, client) => {
  expect(clientOf(address)).toBe(client);
});

it.each(['127.0.0.1', '10.1.2.3', '::ffff:192.168.0.1', '::1', 'fd00::1', 'fe80::1%eth0'])(
  'The private address %s has no limit of its own unless one is configured',
  (address) => {
    expect(connectionsMaxOf(address, undefined)).toBe(Infinity);
    expect(connectionsMaxOf(address, 5)).toBe(5);
  },
);

it.each(['203.0.113.9', '::ffff:203.0.113.9', '2001:db8::1', '172.32.0.1'])(
  'The public address %s may have 1,000 connections',
  (address) => {
    expect(connectionsMaxOf(address, undefined)).toBe(1_000);
  },
);
