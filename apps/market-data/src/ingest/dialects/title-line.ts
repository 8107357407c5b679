import { Failure, type StoredTimeframe } from '@mystocks/contracts';

/** What the title line of an export of TDX says, e.g. `600000 浦发银行 日线 不复权`. */
export interface TitleLine {
  readonly code: string;
  readonly timeframe: StoredTimeframe | undefined;
  /** `前复权` or `后复权` when the prices are adjusted. */
  readonly adjusted: string | undefined;
  /** The name is that of an index, whose code may also be that of a stock. */
  readonly namesIndex: boolean;
}

const CODE = /(?<![0-9])[0-9]{6}(?![0-9])/;
const MINUTES = /(\d{1,2})\s*分钟/;
const TOO_COARSE = /[周月季年]线/;
const ADJUSTED = /前复权|后复权|定点复权|等比复权/;
const INDEX = /指数|成指|综指|[ABＡＢ]股?指|上证\d|沪深\d|中证|创业板指|科创\d|北证\d/;
const frames: ReadonlyMap<string, StoredTimeframe> = new Map(
  ([1, 5, 15, 30, 60] as const).map((minutes) => [String(minutes), `${minutes}Min`]),
);

/** @throws {Failure} `unprocessable` for a title without a code, or of bars that are not stored */
export function readTitle(title: string): TitleLine {
  const code = CODE.exec(title)?.[0];
  if (code === undefined) {
    throw new Failure('unprocessable', 'The title line names no code of six digits; it is read as that of TDX');
  }
  const minutes = MINUTES.exec(title)?.[1];
  const timeframe = minutes === undefined ? undefined : frames.get(minutes);
  if (TOO_COARSE.test(title) || (minutes !== undefined && timeframe === undefined)) {
    throw new Failure(
      'unprocessable',
      'The title line is that of a frame that is not stored; 1Min to 60Min and 1Day are',
    );
  }
  return {
    code,
    timeframe: title.includes('日线') ? '1Day' : timeframe,
    adjusted: ADJUSTED.exec(title)?.[0],
    namesIndex: INDEX.test(title),
  };
}
