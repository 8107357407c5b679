import { joinSql, literal, sql, type Sql, type WritingClient } from '@mystocks/connection-pool';
import { mapBounded } from '@mystocks/kernel';
import type { StoredTimeframe } from '@mystocks/contracts';
import type { StandingBar } from './merged-bar.js';
import { abortedWriters } from '../../tdengine/series-transaction.js';
import { runsOf, standingQuestions, type StandingQuestion } from './standing-runs.js';
import { barColumns, columnList } from '../../tdengine/tdengine-schema.js';
import type { Row, TdengineStore } from '../../tdengine/tdengine.store.js';

interface Place {
  readonly symbol: string;
  readonly timeframe: StoredTimeframe;
  /** Epoch ms. */
  readonly ts: number;
}

const AT_ONCE = 4;
const rowsPerDay: Readonly<Record<StoredTimeframe, number>> = {
  '1Day': 1,
  '60Min': 4,
  '30Min': 8,
  '15Min': 16,
  '5Min': 48,
  '1Min': 257,
};

/** What stands in TDengine where a block has bars. */
export class StandingBars {
  constructor(private readonly store: TdengineStore) {}

  async read(client: WritingClient, given: readonly Place[]): Promise<{ get(place: Place): StandingBar | undefined }> {
    const wanted = new Set(given.map(keyOf));
    const rows = new Map<string, Row>();
    for (const [timeframe, bars] of Map.groupBy(given, (bar) => bar.timeframe)) {
      await mapBounded(questionsOf(timeframe, bars), { atOnce: AT_ONCE }, async (question) => {
        for (const row of await this.store.query(standingSql(timeframe, question))) {
          const key = keyOf({ symbol: String(row[0]), timeframe, ts: Number(row[1]) });
          if (wanted.has(key)) rows.set(key, row);
        }
      });
    }
    const writers = [...rows.values()].map(writerOf).filter((writer) => writer !== undefined);
    const aborted = await abortedWriters(client, writers);
    return {
      get: (place) => {
        const row = rows.get(keyOf(place));
        return row === undefined ? undefined : standingOf(row, aborted);
      },
    };
  }
}

const keyOf = ({ symbol, timeframe, ts }: Place): string => `${symbol} ${timeframe} ${ts}`;

function questionsOf(timeframe: StoredTimeframe, bars: readonly Place[]): StandingQuestion[] {
  const perDay = rowsPerDay[timeframe];
  const bySymbol = [...Map.groupBy(bars, ({ symbol }) => symbol)];
  const runs = bySymbol.flatMap(([symbol, own]) =>
    runsOf(
      symbol,
      own.map(({ ts }) => ts).sort((a, b) => a - b),
      perDay,
    ),
  );
  return standingQuestions(runs, perDay);
}

const columns = columnList(barColumns);

function standingSql(timeframe: StoredTimeframe, { symbols, fromMs, toMs }: StandingQuestion): Sql {
  const names = joinSql(symbols.map(literal.text), ',');
  const times = sql`ts >= ${literal.timestamp(fromMs)} AND ts <= ${literal.timestamp(toMs)}`;
  return sql`SELECT symbol, ts, writer, fresh, ${columns} FROM bars
    WHERE timeframe = ${literal.text(timeframe)} AND symbol IN (${names}) AND ${times}`;
}

const writerOf = (row: Row): number | undefined => (row[2] == null ? undefined : Number(row[2]));

function standingOf(row: Row, aborted: ReadonlySet<number>): StandingBar {
  const writer = writerOf(row);
  return {
    values: row.slice(4).map((value) => (value === null ? null : Number(value))),
    unsettled: writer !== undefined && aborted.has(writer),
    fresh: row[3] === true,
  };
}
