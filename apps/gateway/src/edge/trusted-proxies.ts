import { isIP, isIPv4 } from 'node:net';
import { field, listFromText } from '@mystocks/validation';

const PROXIES_MAX = 100;

/** A setting of up to 100 IP addresses and networks (`10.0.0.0/8`), separated by commas. */
export const AreTrustedProxies = (): PropertyDecorator =>
  field({
    name: 'areTrustedProxies',
    message: `at most ${PROXIES_MAX} IP addresses or networks such as 10.0.0.0/8, separated by commas`,
    test: (value) => Array.isArray(value) && value.length <= PROXIES_MAX && value.every(isAddressOrNetwork),
    fromText: listFromText,
    api: { type: 'array', items: { type: 'string' }, maxItems: PROXIES_MAX },
  });

function isAddressOrNetwork(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const [address = '', bits, ...rest] = value.split('/');
  if (isIP(address) === 0 || rest.length > 0) return false;
  if (bits === undefined) return true;
  return /^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (isIPv4(address) ? 32 : 128);
}
