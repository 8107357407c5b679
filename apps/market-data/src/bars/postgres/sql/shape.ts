import type { Timeframe } from '@mystocks/contracts';

/** Where the bars of a frame come from and how they are put together. */
export const shapes = ['daily', 'weekly', 'monthly', 'minute', 'binned'] as const;
export type Shape = (typeof shapes)[number];
/**
 * What a statement reads: `one` the daily bars, the only frame of minutes that is stored, or minutes that each are a bar;
 * `several` what is stored in several frames, or minutes that rows of the opening auction are joined to.
 */
export type Sources = 'one' | 'several';
/** Shapes whose bars can be made of several stored rows. */
export type GroupedShape = Exclude<Shape, 'daily'>;

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
