import { PostgresPool } from '@mystocks/connection-pool';
import type { Adjustment, Timeframe } from '@mystocks/contracts';
import { currentContext } from '@mystocks/telemetry';
import { Injectable } from '@nestjs/common';
import { binMinutes, type BarWindow } from './bar-window.js';
import { barsStatement } from './bars-sql.js';

export interface BarsQuestion {
  readonly instruments: readonly { readonly id: number; readonly kind: 'stock' | 'index' }[];
  readonly timeframe: Timeframe;
  readonly adjustment: Adjustment;
  readonly sort: 'asc' | 'desc';
  readonly window: BarWindow;
  /** Bars of each instrument. */
  readonly limit: number;
}

/** The bars of one instrument, as PostgreSQL wrote them. */
export interface BarSeries {
  /** Index into the question's instruments. */
  readonly place: number;
  /** JSON objects, separated by commas. Not to be shown when `priced` is below `total`. */
  readonly bars: string;
  readonly total: number;
  /** Bars whose prices are known: the others lack an adjustment factor. */
  readonly priced: number;
  /** Stamp of the newest, China local time. */
  readonly newest: string;
  /** Last stamp of the page, the same for all instruments; null when there is no further page. */
  readonly edge: string | null;
}

const FRAMES = [60, 30, 15, 5, 1];

@Injectable()
export class BarsRepository {
  constructor(private readonly pool: PostgresPool) {}

  /** One page; instruments without a bar in it are absent. */
  async page(question: BarsQuestion): Promise<BarSeries[]> {
    const { instruments, timeframe, adjustment, sort, window, limit } = question;
    const values: unknown[] = [
      instruments.map(({ id }) => id),
      instruments.map(({ kind }) => kind === 'index'),
      window.from,
      window.to,
      window.storedFrom,
      window.storedTo,
      limit,
      window.knownTo,
    ];
    const minutes = binMinutes[timeframe];
    if (minutes !== undefined)
      values.push(
        minutes,
        FRAMES.filter((frame) => frame <= minutes),
      );
    const statement = { ...barsStatement(timeframe, adjustment, sort), values };
    const { rows } = await this.pool.query<BarSeries>(statement, { after: currentContext()?.readAfter });
    return rows;
  }
}
