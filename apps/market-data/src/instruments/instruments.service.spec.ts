import { Failure } from '@mystocks/contracts';
import { expect, it } from '@jest/globals';
import type { InstrumentDirectory } from './instrument-directory.js';
import type { InstrumentsRepository } from './instruments.repository.js';
import { InstrumentsService } from './instruments.service.js';

const candidates = ['000001.SH', '000001.SZ'];
const serviceWith = (find: (alias: string) => Promise<object | undefined>): InstrumentsService =>
  new InstrumentsService({ find } as unknown as InstrumentDirectory, {} as InstrumentsRepository);

it('resolves each spelling of a list: to one symbol, to several candidates, or to nothing', async () => {
  const service = serviceWith((alias) => {
    if (alias === '000001') return Promise.reject(new Failure('conflict', 'names two', { candidates }));
    return Promise.resolve(alias.startsWith('9') ? undefined : { symbol: '600519.SH' });
  });
  expect(await service.resolve(['SH600519', '999999.SH', '000001', '600519'])).toEqual({
    instruments: [
      { asked: 'SH600519', symbol: '600519.SH' },
      { asked: '999999.SH' },
      { asked: '000001', candidates },
      { asked: '600519', symbol: '600519.SH' },
    ],
  });
});

it('resolves nothing when the instruments cannot be read, because unknown would be wrong', async () => {
  const service = serviceWith(() => Promise.reject(new Failure('unavailable', 'no database')));
  await expect(service.resolve(['600519.SH'])).rejects.toThrow('no database');
});
