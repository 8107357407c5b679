import { expect, it } from '@jest/globals';
import type { InstrumentDirectory } from '../instruments/instrument-directory.js';
import type { BarsRepository } from './bars.repository.js';
import { BarsService } from './bars.service.js';

const request = {
  symbol: '600519.SH',
  timeframe: '1Min',
  adjustment: 'raw',
  sort: 'asc',
  limit: 10,
} as const;

it.each([
  ['2024-06-14T10:00:00', 'live', 45_000],
  ['2024-06-14T09:55:00', 'delayed', 60_000],
])(
  'bars up to %s are %s and kept for %d ms: none is called live when it is no more',
  async (newest, quality, ttl_ms) => {
    const directory = { resolve: () => Promise.resolve({ id: 1, symbol: '600519.SH', kind: 'stock' }) };
    const series = { place: 0, bars: '{}', total: 1, priced: 1, newest, edge: null };
    const repository = { page: () => Promise.resolve([series]) };
    const service = new BarsService(
      directory as unknown as InstrumentDirectory,
      repository as unknown as BarsRepository,
      { now: () => Date.parse('2024-06-14T10:00:30+08:00') },
    );
    expect(await service.list(request)).toMatchObject({ quality, ttl_ms });
  },
);
