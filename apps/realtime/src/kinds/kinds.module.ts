import { Module } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import type { ChannelKind } from '../channels/channel-kind.js';
import { FanoutModule } from '../fanout/fanout.module.js';
import { channelKinds, ChannelKindsService } from './channel-kinds.service.js';

/** Every kind of channel. */
@Module({
  imports: [FanoutModule],
  providers: [
    ...channelKinds,
    {
      provide: ChannelKindsService,
      useFactory: (bus: Bus, ...kinds: ChannelKind[]) => new ChannelKindsService(bus, kinds),
      inject: [Bus, ...channelKinds],
    },
  ],
  exports: [ChannelKindsService],
})
export class KindsModule {}
