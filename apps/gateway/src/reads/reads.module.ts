import { Module } from '@nestjs/common';
import { AccessesModule } from '../accesses/accesses.module.js';
import { GatewaySettings } from '../gateway.settings.js';
import { AnswerSource } from './answer-source.js';
import { NearAnswers, NearCoherence } from './near-answers.js';
import { ReadsService } from './reads.service.js';

/** Reads through the first cache tier, which is in this process. */
@Module({
  imports: [AccessesModule],
  providers: [
    AnswerSource,
    NearCoherence,
    ReadsService,
    {
      provide: NearAnswers,
      useFactory: ({ CACHE_STALE_IF_ERROR_S }: GatewaySettings) => new NearAnswers(CACHE_STALE_IF_ERROR_S * 1_000),
      inject: [GatewaySettings],
    },
  ],
  exports: [NearAnswers, ReadsService],
})
export class ReadsModule {}
