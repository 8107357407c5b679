import type { Timeframe } from '@mystocks/contracts';

/** Where the bars of a frame come from and how they are put together. */
export const shapes = ['daily', 'weekly', 'monthly', 'minute', 'binned'] as const;
export type Shape = (typeof shapes)[number];
/**
 * What a statement reads: `one` the daily bars, or the only frame of minutes that is stored; `several` what is stored in
 * several frames.
 */
export type Sources = 'one' | 'several';
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
