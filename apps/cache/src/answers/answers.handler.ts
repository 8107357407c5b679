import { Controller } from '@nestjs/common';
import { Handles } from '@mystocks/bus';
import {
  dropAnswers,
  readAnswer,
  type Answer,
  type CacheEntries,
  type DroppedAnswers,
  type ReadAnswerRequest,
} from '@mystocks/contracts';
import type { Caller } from '@mystocks/identity';
import { AnswersService } from './answers.service.js';

@Controller()
export class AnswersHandler {
  constructor(private readonly answers: AnswersService) {}

  @Handles(readAnswer)
  read(request: ReadAnswerRequest, caller: Caller | undefined): Promise<Answer> {
    return this.answers.read(request, caller);
  }

  @Handles(dropAnswers)
  drop(entries: CacheEntries): Promise<DroppedAnswers> {
    return this.answers.drop(entries);
  }
}
