import { describe, expect, it } from '@jest/globals';
import { instrumentsChanged } from '@mystocks/contracts';
import { FakeBus } from '@mystocks/testing';
import { InstrumentDirectory } from './instrument-directory.js';
import type { Instrument, InstrumentsRepository } from './instruments.repository.js';

const instrument = (id: number, symbol: string, kind: 'stock' | 'index' = 'stock'): Instrument => ({
  id,
  symbol,
  code: symbol.slice(0, 6),
  exchange: symbol.endsWith('SH') ? 'SSE' : 'SZSE',
  kind,
  name: null,
  status: 'listed',
  in_use: false,
});

function open() {
  const held = [instrument(1, '600519.SH'), instrument(2, '000001.SZ'), instrument(3, '000001.SH', 'index')];
  let asked = 0;
  const all = (): Promise<Instrument[]> => {
    asked += 1;
    return Promise.resolve([...held]);
  };
  const bus = new FakeBus();
  const repository = { all };
  const directory = new InstrumentDirectory(repository as unknown as InstrumentsRepository, bus.bus);
  return { directory, held, bus, repository, asked: () => asked };
}

describe('the directory of instruments', () => {
  it.each(['600519', '600519.SH', 'SH600519', '600519.XSHG', 'sh600519'])('finds Moutai as %s', async (alias) => {
    await expect(open().directory.resolve(alias)).resolves.toMatchObject({ id: 1, symbol: '600519.SH' });
  });

  it('says which instruments a bare code may mean instead of choosing one', async () => {
    await expect(open().directory.resolve('000001')).rejects.toMatchObject({
      code: 'conflict',
      problem: 'SYMBOL_AMBIGUOUS',
      candidates: ['000001.SH', '000001.SZ'],
    });
  });

  it('takes a bare code for the listed instrument, whatever else bars or old lists name', async () => {
    const { directory, held } = open();
    held.push({ ...instrument(5, '600519.SZ'), status: 'unlisted' });
    await expect(directory.resolve('600519')).resolves.toMatchObject({ symbol: '600519.SH' });
    await expect(directory.resolve('600519.SZ')).resolves.toMatchObject({ id: 5 });
  });

  it('says that a bare code is ambiguous where none of its instruments is listed', async () => {
    const { directory, held } = open();
    held.push(
      { ...instrument(6, '600001.SH'), status: 'delisted' },
      { ...instrument(7, '600001.SZ'), status: 'unlisted' },
    );
    await expect(directory.resolve('600001')).rejects.toMatchObject({ candidates: ['600001.SH', '600001.SZ'] });
  });

  it('tells an unknown symbol from one that is none', async () => {
    const { directory } = open();
    await expect(directory.resolve('600000')).rejects.toMatchObject({
      code: 'not_found',
      problem: 'MARKET_DATA_NOT_FOUND',
    });
    await expect(directory.resolve('Moutai')).rejects.toMatchObject({
      code: 'invalid',
      problem: 'SYMBOL_INVALID_FORMAT',
    });
    await expect(directory.find('600000')).resolves.toBeUndefined();
  });

  it('asks the database once for many callers, and not again for a flood of unknown symbols', async () => {
    const { directory, asked } = open();
    await Promise.all(Array.from({ length: 50 }, () => directory.resolve('600519')));
    await Promise.all(Array.from({ length: 50 }, () => directory.find('600000')));
    expect(asked()).toBe(1);
  });

  it('learns of new instruments from events', async () => {
    const { directory, held, bus } = open();
    directory.onModuleInit();
    await directory.all();
    held.push(instrument(4, '600000.SH'));
    bus.publish(instrumentsChanged, { count: 1, lsn: '0/1' });
    await new Promise((resolve) => setImmediate(resolve));
    await expect(directory.resolve('600000')).resolves.toMatchObject({ id: 4 });
    directory.onModuleDestroy();
  });

  it('shows no caller what was before a change whose event it has received', async () => {
    const { directory, held, bus, asked } = open();
    directory.onModuleInit();
    await directory.all();
    bus.publish(instrumentsChanged, { count: 1, symbols: ['600519.SH'], lsn: '0/1' });
    held[0] = instrument(1, '600519.SH', 'index');
    await Promise.resolve();
    const found = await Promise.all(['600519', '600519.SH', 'SH600519'].map((alias) => directory.resolve(alias)));
    expect(found.map(({ kind }) => kind)).toEqual(['index', 'index', 'index']);
    expect(asked()).toBe(2);
    directory.onModuleDestroy();
  });

  it('goes on with what it has when the database cannot be asked after a change', async () => {
    const { directory, bus, repository } = open();
    directory.onModuleInit();
    await directory.all();
    repository.all = () => Promise.reject(new Error('the database went away'));
    bus.publish(instrumentsChanged, { count: 1, lsn: '0/1' });
    await Promise.resolve();
    await expect(directory.resolve('600519')).resolves.toMatchObject({ id: 1 });
    directory.onModuleDestroy();
  });
});
