import { IsListOf } from '@mystocks/validation';

/** Days of a calendar: `{date}`, with `sessions: [{open, close}]` where not both take place, none on a closed day. */
export class CalendarBody {
  @IsListOf({ name: 'days', test: () => true }, 50_000) readonly days!: object[];
}
