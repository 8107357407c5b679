import { Handles } from '@mystocks/bus';
import { getClock, listCalendar, type Answer, type CalendarRequest } from '@mystocks/contracts';
import { Controller } from '@nestjs/common';
import { CalendarService } from './calendar.service.js';

@Controller()
export class CalendarHandler {
  constructor(private readonly calendar: CalendarService) {}

  @Handles(listCalendar)
  async list(request: CalendarRequest): Promise<Answer> {
    return Promise.resolve(this.calendar.list(request));
  }

  @Handles(getClock)
  async clock(): Promise<Answer> {
    return Promise.resolve(this.calendar.now());
  }
}
