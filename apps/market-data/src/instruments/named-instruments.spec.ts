import { Failure } from '@mystocks/contracts';
import { expect, it } from '@jest/globals';
import type { InstrumentDirectory } from './instrument-directory.js';
import { namedInstruments } from './named-instruments.js';

const find = (alias: string): Promise<object | undefined> => {
  if (alias === '000001') {
    const candidates = ['000001.SH', '000001.SZ'];
    const failure = new Failure('conflict', `000001 names ${candidates.join(' and ')}`, {
      ...{ problem: 'SYMBOL_AMBIGUOUS', candidates },
    });
    return Promise.reject(failure);
  }
  return Promise.resolve(
    alias.startsWith('9') ? undefined : { id: Number(alias.slice(0, 6)), symbol: `${alias.slice(0, 6)}.SH` },
  );
};
const directory = { find } as unknown as InstrumentDirectory;

it('finds the known symbols of a list and says of each other one why it has no part', async () => {
  const named = await namedInstruments(directory, ['600519', '999999.SH', '000001', '600519.SH', '600000.SH']);
  expect(named.instruments.map(({ symbol }) => symbol)).toEqual(['600519.SH', '600000.SH']);
  expect(named.errors).toEqual([
    { symbol: '999999.SH', code: 2101, message: 'There is no instrument 999999.SH' },
    { symbol: '000001', code: 1107, message: '000001 names 000001.SH and 000001.SZ' },
  ]);
  expect(named.refusal).toBeUndefined();
  expect(named.listTags).toEqual(['instruments']);
});

it('refuses a list of which no symbol is known: all unknown ones by name, an ambiguous one with what it may mean', async () => {
  const unknown = await namedInstruments(directory, ['999999.SH', '988888.SZ']);
  expect(unknown.refusal).toMatchObject({ code: 'not_found', message: 'There is no instrument 999999.SH, 988888.SZ' });
  const ambiguous = await namedInstruments(directory, ['999999.SH', '000001']);
  expect(ambiguous.refusal).toMatchObject({ code: 'conflict', candidates: ['000001.SH', '000001.SZ'] });
});

it('fails as a whole when the instruments cannot be read', async () => {
  const broken = { find: () => Promise.reject(new Failure('unavailable', 'no database')) };
  await expect(namedInstruments(broken as unknown as InstrumentDirectory, ['600519'])).rejects.toThrow('no database');
});
