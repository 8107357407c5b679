import { describe, expect, it } from '@jest/globals';
import { tdengineAddress } from './tdengine-address.js';

describe('tdengineAddress', () => {
  it('takes the decoded parts of the URL', () => {
    expect(tdengineAddress('http://us%20er:p%40ss%3Aw%2Frd@td.example:6041', 'mystocks')).toEqual({
      origin: 'http://td.example:6041',
      server: 'td.example:6041',
      path: '/rest/sql/mystocks',
      authorization: `Basic ${Buffer.from('us er:p@ss:w/rd').toString('base64')}`,
    });
  });

  it.each([
    'td.example:6041',
    'http://td.example:6041',
    'http://root@td.example:6041',
    'http://root:hunter2@td.example:6041/somewhere',
    'postgres://root:hunter2@td.example',
  ])('refuses %s without its text in the error', (url) => {
    const refused = (): unknown => tdengineAddress(url, 'mystocks');
    expect(refused).toThrow('TDENGINE_URL');
    expect(refused).not.toThrow('hunter2');
  });

  it.each(['', 'a/b', 'A', '1a', '../x', 'a'.repeat(65)])('refuses the database name %j', (database) => {
    expect(() => tdengineAddress('http://root:secret@td:6041', database)).toThrow('the name of a TDengine database');
  });
});
