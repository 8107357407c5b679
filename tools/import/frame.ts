const FRAMES = [
  [1, '1Min'],
  [5, '5Min'],
  [15, '15Min'],
  [30, '30Min'],
  [60, '60Min'],
] as const;

/** Columns in which sources write times; the index that pandas writes has no name. */
const TIME_NAMES = ['time', 't', 'trade_time', 'datetime', '时间', 'day', 'date', '日期', 'index', ''];

/**
 * The frame of bars by the smallest gap between the times of two lines; undefined where the lines have no time.
 * @throws {Error} when the gap is none of a frame
 */
export function frameOf(names: readonly string[], rows: readonly (readonly string[])[]): string | undefined {
  const minutes = TIME_NAMES.filter((name) => names.includes(name))
    .map((name) => rows.map((row) => minuteOfDay(name, row[names.indexOf(name)] ?? '')))
    .find((times) => times.some((time) => time !== undefined));
  if (minutes === undefined) return undefined;
  if (minutes.every((minute) => minute === 0)) return '1Day';
  const gaps = minutes.flatMap((minute, index) => {
    const before = minutes[index - 1];
    // Within a day the time only grows; a step back is the next day or the next code.
    return minute === undefined || before === undefined || minute <= before ? [] : [minute - before];
  });
  const smallest = gaps.reduce((least, gap) => Math.min(least, gap), Infinity);
  const frame = FRAMES.find(([length]) => length === smallest)?.[1];
  if (frame === undefined) throw new Error('cannot tell the timeframe from the first lines: say --timeframe 1Min');
  return frame;
}

const CLOCK = /(?:^|[T ])(\d{1,2}):(\d{2})/;
/** TDX writes `0935`, and baostock 17 digits whose first eight are the day. */
const DIGITS = /^(?:\d{8}(\d{2})(\d{2})\d{5}|(\d{1,2})(\d{2}))$/;

function minuteOfDay(name: string, text: string): number | undefined {
  const match = CLOCK.exec(text) ?? (name === 'time' || name === '时间' ? DIGITS.exec(text) : null);
  if (match === null) return undefined;
  const [, hour = match[3], minute = match[4]] = match;
  return Number(hour) * 60 + Number(minute);
}
