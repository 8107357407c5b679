import type { Timeframe } from '@mystocks/contracts';

/** Where the bars of a frame come from and how they are put together. */
export type Shape = 'daily' | 'weekly' | 'monthly' | 'minute' | 'binned';
/** Shapes whose bars are made of several stored rows. */
export type GroupedShape = 'weekly' | 'monthly' | 'binned';

export const shapeOf: Readonly<Record<Timeframe, Shape>> = {
  '1Min': 'minute',
  '5Min': 'binned',
  '15Min': 'binned',
  '30Min': 'binned',
  '60Min': 'binned',
  '1Day': 'daily',
  '1Week': 'weekly',
  '1Month': 'monthly',
};
