import { Controller } from '@nestjs/common';
import { Handles } from '@mystocks/bus';
import { cacheStatus, type CacheStatus } from '@mystocks/contracts';
import { AnswersService } from '../answers/answers.service.js';

@Controller()
export class StatusHandler {
  constructor(private readonly answers: AnswersService) {}

  @Handles(cacheStatus)
  get(): Promise<CacheStatus> {
    return Promise.resolve(this.answers.status());
  }
}
