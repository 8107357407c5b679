import { PostgresPool } from '@mystocks/connection-pool';
import { currentContext } from '@mystocks/telemetry';
import { Injectable } from '@nestjs/common';
import type { FactorStep } from '../../factors/factor-steps.js';
import { beginsInAuction, binMinutes } from '../stored/bar-window.js';
import {
  BarsRepository,
  comparedDays,
  madeDays,
  type BarSeries,
  type BarsQuestion,
} from '../stored/bars.repository.js';
import { barsStatement } from './bars-sql.js';
import { stepsStatement } from './sql/factors.js';
import type { Sources } from './sql/shape.js';

const FRAMES = [60, 30, 15, 5, 1];

interface Row extends BarSeries {
  /** More is stored in other frames than the statement has read, or a row of the opening auction is among the minutes. */
  readonly partial: boolean;
}

/** Reads bars that PostgreSQL has completely assembled, including their JSON. */
@Injectable()
export class PostgresBarsRepository extends BarsRepository {
  constructor(private readonly pool: PostgresPool) {
    super();
  }

  async page(question: BarsQuestion): Promise<BarSeries[]> {
    const isMinutes = question.timeframe === '1Min';
    if (isMinutes && beginsInAuction(question.window)) return (await this.#query(question, 'several')).map(seriesOf);
    const rows = await this.#query(question, 'one');
    const isPartial = rows[0]?.partial ?? !isMinutes;
    return (isPartial ? await this.#query(question, 'several') : rows).map(seriesOf);
  }

  async factorSteps(id: number, knownTo: string): Promise<FactorStep[]> {
    const statement = { ...stepsStatement, values: [id, knownTo] };
    return (await this.pool.query<FactorStep>(statement, { after: currentContext()?.readAfter })).rows;
  }

  async #query(question: BarsQuestion, sources: Sources): Promise<Row[]> {
    const statement = { ...barsStatement(question, sources), values: valuesOf(question, sources) };
    return (await this.pool.query<Row>(statement, { after: currentContext()?.readAfter })).rows;
  }
}

const seriesOf = ({ place, bars, total, priced, conflict, made, newest, edge }: Row): BarSeries => ({
  place,
  bars,
  total,
  priced,
  conflict,
  made,
  newest,
  edge,
});

function valuesOf(question: BarsQuestion, sources: Sources): unknown[] {
  const { instruments, timeframe, window, limit } = question;
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
  if (minutes !== undefined) return [...values, minutes, FRAMES.filter((frame) => frame <= minutes)];
  return timeframe !== '1Min' && sources === 'several'
    ? [...values, madeDays(question), comparedDays(question)]
    : values;
}
