import { IsBody, IsCount, IsDay, IsListOf, IsMatching, IsOneOf } from '@mystocks/validation';
import { Answer } from '../definition/answer.js';
import { defineCall, defineEvent } from '../definition/define.js';
import { IsPosition } from '../definition/position.js';
import { readers } from '../definition/roles.js';

export class CalendarRequest {
  @IsDay() readonly start!: string;
  @IsDay() readonly end!: string;
}

/** Answer: `{days:[{date,sessions:[{open,close}],provisional?}]}`, trading days only. */
export const listCalendar = defineCall({
  subject: 'svc.market-data.calendar.list.v1',
  request: CalendarRequest,
  response: Answer,
  timeoutMs: 1_000,
  effect: 'read',
  allow: readers,
});

export class ClockRequest {}

/** Answer: `{timestamp,phase,is_open,trading_day,next_open,next_close,provisional?}`. */
export const getClock = defineCall({
  subject: 'svc.market-data.clock.get.v1',
  request: ClockRequest,
  response: Answer,
  timeoutMs: 1_000,
  effect: 'read',
  allow: readers,
});

export class TradingDaysRequest {}

/** The stored trading calendar. */
export class TradingDays {
  @IsDay() readonly from!: string;
  /** One digit a day from `from` on: 0 no trading, 1 only the morning, 2 only the afternoon, 3 both. */
  @IsMatching(/^[0-3]{1,50000}$/, 'a digit 0 to 3 a day') readonly states!: string;
}

/** For services that keep a copy of the calendar. */
export const getTradingDays = defineCall({
  subject: 'svc.market-data.calendar.days.v1',
  request: TradingDaysRequest,
  response: TradingDays,
  timeoutMs: 1_500,
  effect: 'read',
  allow: 'anyone',
});

export class StoreCalendarRequest {
  /** A list of days: CSV with a header that names `date`, `trade_date` or `cal_date`, or JSON `{days:[{date,sessions?}]}`. */
  @IsBody() readonly body!: Buffer;
  @IsOneOf(['csv', 'json']) readonly format!: 'csv' | 'json';
}

const isDays = (): PropertyDecorator =>
  IsListOf({ name: 'days', test: (day) => typeof day === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(day) }, 1_000);

/** What a list of trading days changed. */
export class StoredCalendar {
  /** First and last day that the list states. */
  @IsDay() readonly from!: string;
  @IsDay() readonly to!: string;
  @IsCount(0, 50_000) readonly trading_days!: number;
  /** Days of which anything is different now; a provisional day that is now certain is. */
  @IsCount(0, 50_000) readonly changed!: number;
  /** Days that are trading days now and were none, not even provisional ones; the first 1,000. */
  @isDays() readonly opened!: string[];
  /** Days that were trading days or provisional ones and are none now; the first 1,000. */
  @isDays() readonly closed!: string[];
  /** The last day of the whole calendar now. */
  @IsDay() readonly calendar_to!: string;
  /** Log position of the commit. */
  @IsPosition() readonly lsn!: string;
}

/** Stores a list of trading days. It states every day from its first to its last; other days stay as they are. */
export const storeCalendar = defineCall({
  subject: 'svc.market-data.calendar.store.v1',
  request: StoreCalendarRequest,
  response: StoredCalendar,
  timeoutMs: 10_000,
  effect: 'idempotent',
  allow: ['admin'],
});

export class CalendarChanged {
  @IsPosition() readonly lsn!: string;
}

/** The stored calendar is another one: copies of it and answers that depend on it are no longer valid. */
export const calendarChanged = defineEvent({
  subject: 'evt.market-data.calendar.changed.v1',
  numbered: true,
  payload: CalendarChanged,
});
