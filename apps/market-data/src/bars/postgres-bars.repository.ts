import { PostgresPool } from '@mystocks/connection-pool';
import { currentContext } from '@mystocks/telemetry';
import { Injectable } from '@nestjs/common';
import type { FactorStep } from '../timeseries/factor-steps.js';
import { binMinutes } from './bar-window.js';
import { BarsRepository, type BarSeries, type BarsQuestion } from './bars.repository.js';
import { barsStatement } from './bars-sql.js';
import { stepsStatement } from './sql/factors.js';

const FRAMES = [60, 30, 15, 5, 1];

/** Bars put together by PostgreSQL, JSON and all. */
@Injectable()
export class PostgresBarsRepository extends BarsRepository {
  constructor(private readonly pool: PostgresPool) {
    super();
  }

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

  async factorSteps(id: number, knownTo: string): Promise<FactorStep[]> {
    const statement = { ...stepsStatement, values: [id, knownTo] };
    return (await this.pool.query<FactorStep>(statement, { after: currentContext()?.readAfter })).rows;
  }
}
