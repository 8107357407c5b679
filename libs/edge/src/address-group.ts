import { BlockList, isIP, isIPv6 } from 'node:net';

const MAPPED = /^::ffff:(?=\d+\.)/i;
const GROUPS = 8;
const PREFIX_GROUPS = 4;

/**
 * The address that a limit is counted for: an IPv4 address, or the first 64 bits of an IPv6 address, because one subscriber
 * line usually has all addresses behind them.
 */
export function addressGroup(address: string): string {
  const plain = address.replace(MAPPED, '');
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = (plain.split('%')[0] ?? '').split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : GROUPS - first.length - last.length;
  const groups = [...first, ...Array.from({ length: zeros }, () => '0'), ...last];
  return groups
    .slice(0, PREFIX_GROUPS)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

const notPublic = new BlockList();
for (const [network, prefix] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
] as const) {
  notPublic.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const) {
  notPublic.addSubnet(network, prefix, 'ipv6');
}

/** False for loopback, private and link-local addresses: a proxy there stands for many clients. */
export function isPublic(address: string): boolean {
  const plain = address.replace(MAPPED, '').split('%')[0] ?? '';
  // A client that has left already has no address any more.
  const family = isIP(plain);
  return family === 0 || !notPublic.check(plain, family === 6 ? 'ipv6' : 'ipv4');
}
