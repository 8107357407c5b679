import { systemClock } from '@mystocks/kernel';
import { CalendarHandler } from './calendar.handler.js';
import { CalendarService } from './calendar.service.js';

export const calendarParts = {
  controllers: [CalendarHandler],
  providers: [{ provide: CalendarService, useFactory: () => new CalendarService(systemClock) }],
};
