import { IsDay } from '@mystocks/validation';
import { Answer } from './answer.js';
import { defineCall } from './define.js';
import { readers } from './roles.js';

export class CalendarRequest {
  @IsDay() readonly start!: string;
  @IsDay() readonly end!: string;
}

/** Answer: `{days:[{date,sessions:[{open,close}]}]}`, trading days only. */
export const listCalendar = defineCall({
  subject: 'svc.market-data.calendar.list.v1',
  request: CalendarRequest,
  response: Answer,
  timeoutMs: 1_000,
  effect: 'read',
  allow: readers,
});

export class ClockRequest {}

/** Answer: `{timestamp,phase,is_open,trading_day,next_open,next_close}`. */
export const getClock = defineCall({
  subject: 'svc.market-data.clock.get.v1',
  request: ClockRequest,
  response: Answer,
  timeoutMs: 1_000,
  effect: 'read',
  allow: readers,
});
