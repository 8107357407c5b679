import { BlockList } from 'node:net';

/** Connections of one public address, where nothing else is configured. */
const PUBLIC_ADDRESS_MAX = 1_000;

const privateAddresses = new BlockList();
for (const [network, prefix] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
] as const) {
  privateAddresses.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const) {
  privateAddresses.addSubnet(network, prefix, 'ipv6');
}

/**
 * What counts as one client: an IPv4 address, or the /64 network of an IPv6 address, since one subscriber has all of
 * that. An IPv4 address in IPv6 notation is the IPv4 address.
 */
export function clientOf(address: string): string {
  if (!address.includes(':')) return address;
  const [plain = ''] = address.split('%', 1);
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain);
  if (mapped !== null) return mapped[1] ?? plain;
  const [head = '', tail] = plain.split('::', 2);
  const groups = head === '' ? [] : head.split(':');
  const behind = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - behind.length) }, () => '0');
  const network = [...groups, ...(tail === undefined ? [] : zeros), ...behind].slice(0, 4);
  return `${network.join(':').toLowerCase()}::/64`;
}

/** How many connections an address may have; `configured` holds for every address. */
export function connectionsMaxOf(address: string, configured: number | undefined): number {
  if (configured !== undefined) return configured;
  const client = clientOf(address);
  const isPrivate = client.includes(':')
    ? privateAddresses.check((address.split('%', 1)[0] ?? '').toLowerCase(), 'ipv6')
    : privateAddresses.check(client, 'ipv4');
  return isPrivate ? Infinity : PUBLIC_ADDRESS_MAX;
}
