import { describe, expect, it } from '@jest/globals';
import { check, InvalidInput } from '@mystocks/validation';
import { AreTrustedProxies } from './trusted-proxies.js';

class Settings {
  @AreTrustedProxies() readonly proxies: string[] = [];
}
const proxiesOf = (text: string): string[] => check(Settings, { proxies: text }, { from: 'text' }).proxies;

describe('AreTrustedProxies', () => {
  it('reads addresses and networks', () => {
    expect(proxiesOf('10.0.0.0/8, fd00::/8,192.0.2.7')).toEqual(['10.0.0.0/8', 'fd00::/8', '192.0.2.7']);
  });

  it.each(['all', '10.0.0.0/33', '10.0.0.0/0', '10.0.0.0/8/8', 'fd00::/129', '10.0.0.0/'])('refuses %j', (text) => {
    expect(() => proxiesOf(text)).toThrow(InvalidInput);
  });
});
