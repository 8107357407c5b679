import { Controller } from '@nestjs/common';
import { Handles } from '@mystocks/bus';
import {
  dropAnswers,
  readAnswer,
  warmAnswers,
  type Answer,
  type CacheEntries,
  type DroppedAnswers,
  type IngestReport,
  type ReadAnswerRequest,
  type WarmAnswersRequest,
} from '@mystocks/contracts';
import type { Caller } from '@mystocks/identity';
import { AnswersService } from './answers.service.js';
import { WarmUpService } from '../warm-up/warm-up.service.js';

@Controller()
export class AnswersHandler {
  constructor(
    private readonly answers: AnswersService,
    private readonly warmUp: WarmUpService,
  ) {}

  @Handles(readAnswer)
  read(request: ReadAnswerRequest, caller: Caller | undefined): Promise<Answer> {
    return this.answers.read(request, caller);
  }

  @Handles(warmAnswers)
  warm(request: WarmAnswersRequest, caller: Caller | undefined): Promise<IngestReport> {
    return this.warmUp.warm(request, caller);
  }

  @Handles(dropAnswers)
  drop(entries: CacheEntries): Promise<DroppedAnswers> {
    return this.answers.drop(entries);
  }
}
