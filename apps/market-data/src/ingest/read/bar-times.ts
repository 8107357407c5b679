import { chinaDay, dayStart } from '@mystocks/calendar';
import type { BarDialect, BarStamps, StoredTimeframe } from '@mystocks/contracts';
import type { BarColumns } from '../../lines/bar-columns.js';
import {
  AFTERNOON,
  CLOSE,
  cellText,
  endOfStarted,
  isBarEnd,
  NOON,
  readDay,
  readMinute,
} from '../../lines/bar-cells.js';
import type { Fields } from '../../lines/csv-records.js';
import { refusals, type Refusal } from '../../lines/refusals.js';

/** Minutes of the stored frames; 0 is the day. */
const minutesOf: ReadonlyMap<string, number> = new Map<StoredTimeframe, number>([
  ['1Day', 0],
  ['1Min', 1],
  ['5Min', 5],
  ['15Min', 15],
  ['30Min', 30],
  ['60Min', 60],
]);

const FIRST_DAY = 19_901_219;
const SUMMERS_END = 19_910_916;
const INSTANT_LENGTH = 25;
const INSTANT_MAX = 200;
const INSTANT = /^(\d{4}-\d{2}-\d{2})T(([01]\d|2[0-3]):[0-5]\d:[0-5]\d)(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;
const CHINA = Buffer.from('+08:00');

export interface BarTimesOptions {
  readonly timeframe: StoredTimeframe | undefined;
  readonly nowMs: number;
  readonly stamps: BarStamps | undefined;
  readonly dialect: BarDialect | undefined;
}

/** Reads when a line's bar ended. After {@link read} without a refusal, `day`, `minute` and `minutes` say it. */
export class BarTimes {
  /** YYYYMMDD */
  day = 0;
  /** Of the day; 0 for a daily bar. */
  minute = 0;
  /** Of the frame; 0 is the day. */
  minutes = 0;
  readonly #columns: BarColumns;
  readonly #given: number | undefined;
  readonly #today: number;
  readonly #isStart: boolean;
  readonly #isTdx: boolean;
  #clock = -1;

  constructor(columns: BarColumns, options: BarTimesOptions) {
    this.#columns = columns;
    this.#given = options.timeframe === undefined ? undefined : minutesOf.get(options.timeframe);
    this.#today = dayNumber(options.nowMs);
    this.#isStart = options.stamps === 'start';
    this.#isTdx = options.dialect === 'tdx';
  }

  read(fields: Fields): Refusal | undefined {
    const wrong = this.#readStamp(fields);
    if (wrong !== undefined) return wrong;
    if (this.day < FIRST_DAY) return refusals.tooEarly;
    if (this.day > this.#today) return refusals.future;
    const minutes = this.#frame(fields);
    if (minutes === undefined) return refusals.timeframe;
    if (minutes < 0) return refusals.timeframeMissing;
    this.minutes = minutes;
    return this.#place();
  }

  /** Day, and minute of the day or -1 when the line has none. */
  #readStamp(fields: Fields): Refusal | undefined {
    const { bytes, starts, ends } = fields;
    const { date, time, t } = this.#columns;
    this.#clock = -1;
    if (isGiven(fields, t)) return this.#readInstant(fields, t);
    if (date < 0) return refusals.date;
    this.day = readDay(bytes, starts[date] as number, ends[date] as number);
    if (this.day < 0) return refusals.date;
    if (!isGiven(fields, time)) return undefined;
    this.#clock = readMinute(bytes, starts[time] as number, ends[time] as number);
    return this.#clock < 0 ? refusals.time : undefined;
  }

  /** `t`: a day, or an RFC 3339 instant of any zone. */
  #readInstant({ bytes, starts, ends }: Fields, t: number): Refusal | undefined {
    const [start, end] = [starts[t] as number, ends[t] as number];
    this.day = readDay(bytes, start, Math.min(end, start + 10));
    if (this.day < 0) return refusals.date;
    if (end - start === 10) return undefined;
    const inChina =
      end - start === INSTANT_LENGTH &&
      CHINA.equals(bytes.subarray(end - CHINA.length, end)) &&
      bytes[start + 10] === 84;
    if (inChina) this.#clock = readMinute(bytes, start + 11, start + 19);
    // In the summer of 1991 the clocks of China were at +09:00. Midnight is the mark of a daily bar in any case.
    if (!inChina || (this.day < SUMMERS_END && this.#clock !== 0)) this.#readForeign(instantText(bytes, start, end));
    return this.#clock < 0 ? refusals.time : undefined;
  }

  #readForeign(text: string): void {
    if (!INSTANT.test(text)) return;
    const atMs = Date.parse(text);
    this.day = dayNumber(atMs);
    const minutes = (atMs - dayStart(chinaDay(atMs))) / 60_000;
    this.#clock = Number.isInteger(minutes) ? minutes : -1;
  }

  /** The line's stamp ends a session, as nothing that is stamped at a start does. */
  get isSessionEnd(): boolean {
    return this.#clock === NOON || this.#clock === CLOSE;
  }

  /** Minutes of the frame; undefined for one that is none, -1 when a line with a time leaves it open. */
  #frame(fields: Fields): number | undefined {
    const { timeframe } = this.#columns;
    if (isGiven(fields, timeframe)) {
      return minutesOf.get(
        cellText(fields.bytes, fields.starts[timeframe] as number, fields.ends[timeframe] as number),
      );
    }
    return this.#given ?? (this.#clock <= 0 ? 0 : -1);
  }

  #place(): Refusal | undefined {
    if (this.minutes === 0) {
      this.minute = 0;
      return this.#clock > 0 ? refusals.dayTime : undefined;
    }
    if (this.#clock < 0) return refusals.timeMissing;
    this.minute = this.#isStart ? endOfStarted(this.#clock, this.minutes) : this.#clock;
    // TDX stamps the bar that ends at 11:30 with the start of the afternoon.
    if (this.#isTdx && this.minute === AFTERNOON) this.minute = NOON;
    if (isBarEnd(this.minute, this.minutes)) return undefined;
    if (this.#isStart) return refusals.outsideStart;
    return this.minute === AFTERNOON ? refusals.noon : refusals.outside;
  }
}

const isGiven = ({ starts, ends }: Fields, column: number): boolean =>
  column >= 0 && (ends[column] as number) > (starts[column] as number);

/** An instant of RFC 3339 without the zeros behind its seconds, of which .NET writes 7 and Go 9. */
const instantText = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.min(end - start, INSTANT_MAX))
    .toString('latin1')
    .toUpperCase()
    .replace(/\.0+(?=Z|[+-])/, '');

const dayNumber = (atMs: number): number => Number(chinaDay(atMs).replaceAll('-', ''));
