import { Controller } from '@nestjs/common';
import { Handles } from '@mystocks/bus';
import {
  cacheModel,
  prewarmStatus,
  warmAnswers,
  type CacheModel,
  type IngestReport,
  type PrewarmStatus,
  type WarmAnswersRequest,
} from '@mystocks/contracts';
import type { Caller } from '@mystocks/identity';
import { WarmUpStatusService } from './warm-up-status.service.js';
import { WarmUpService } from './warm-up.service.js';

@Controller()
export class WarmUpHandler {
  constructor(
    private readonly warmUp: WarmUpService,
    private readonly about: WarmUpStatusService,
  ) {}

  @Handles(warmAnswers)
  warm(request: WarmAnswersRequest, caller: Caller | undefined): Promise<IngestReport> {
    return this.warmUp.warm(request, caller);
  }

  @Handles(prewarmStatus)
  status(): Promise<PrewarmStatus> {
    return this.about.status();
  }

  @Handles(cacheModel)
  model(): Promise<CacheModel> {
    return this.about.model();
  }
}
