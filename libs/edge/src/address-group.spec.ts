import { expect, it } from '@jest/globals';
import { addressGroup, isPublic } from './address-group.js';

it.each([
  ['203.0.113.9', '203.0.113.9'],
  ['::ffff:203.0.113.9', '203.0.113.9'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:0DB8:1:2::6', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
])('The address %s is counted for %s', (address, group) => {
  expect(addressGroup(address)).toBe(group);
});

it.each(['127.0.0.1', '10.1.2.3', '::ffff:192.168.0.1', '::1', 'fd00::1', 'fe80::1%eth0'])(
  'The address %s is not public',
  (address) => {
    expect(isPublic(address)).toBe(false);
  },
);

it.each(['203.0.113.9', '::ffff:203.0.113.9', '2001:db8::1', '172.32.0.1', ''])(
  'The address "%s" is public',
  (address) => {
    expect(isPublic(address)).toBe(true);
  },
);
