import { Module } from '@nestjs/common';
import { Audience } from '../channels/audience.js';
import { FanoutService } from './fanout.service.js';
import { PositionsService } from './positions.service.js';

/** Who is subscribed on this instance, and how values reach them. */
@Module({
  providers: [Audience, FanoutService, PositionsService],
  exports: [Audience, FanoutService, PositionsService],
})
export class FanoutModule {}
