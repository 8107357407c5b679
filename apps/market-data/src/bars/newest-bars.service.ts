import type { Bar, FrameSymbols, NewestBar, NewestBars, NewestBarsRequest } from '@mystocks/contracts';
import { Injectable } from '@nestjs/common';
import { InstrumentDirectory } from '../instruments/instrument-directory.js';
import { namedInstruments } from '../instruments/named-instruments.js';
import { barWindow } from './stored/bar-window.js';
import { BarsRepository } from './stored/bars.repository.js';

/** Reads the newest bars of many instruments: one page of the store for each frame. */
@Injectable()
export class NewestBarsService {
  constructor(
    private readonly instruments: InstrumentDirectory,
    private readonly repository: BarsRepository,
  ) {}

  /** The frames are read one after another, so that one call never holds more than one connection of the pool. */
  async read({ frames }: NewestBarsRequest): Promise<NewestBars> {
    const bars: NewestBar[] = [];
    for (const frame of frames) bars.push(...(await this.#frame(frame)));
    return { bars };
  }

  async #frame({ timeframe, symbols }: FrameSymbols): Promise<NewestBar[]> {
    const { instruments } = await namedInstruments(this.instruments, symbols);
    if (instruments.length === 0) return [];
    const order = { timeframe, adjustment: 'raw', sort: 'desc' } as const;
    const window = barWindow(order, undefined);
    const series = await this.repository.page({ ...order, instruments, window, limit: 1, ends: 'each' });
    const lines = new Map(series.map(({ place, bars }) => [place, bars]));
    return instruments.map(({ symbol }, place) => {
      const line = lines.get(place);
      return { timeframe, symbol, ...(line === undefined ? {} : { bar: JSON.parse(line) as Bar }) };
    });
  }
}
