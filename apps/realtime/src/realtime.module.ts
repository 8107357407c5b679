import { Module, type DynamicModule } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import { Audience } from './channels/audience.js';
import type { ChannelKind } from './channels/channel-kind.js';
import { FanoutService } from './fanout/fanout.service.js';
import { PositionsService } from './fanout/positions.service.js';
import { channelKinds, ChannelKindsService } from './kinds/channel-kinds.service.js';
import { SymbolsService } from './reads/symbols.service.js';
import type { RealtimeSettings } from './realtime.settings.js';
import { CaretakerService } from './sockets/caretaker.service.js';
import { ChannelBudgets } from './sockets/channel-budgets.js';
import { Doorman } from './sockets/doorman.js';
import { MarketGateway } from './sockets/market.gateway.js';
import { RedisBridge } from './sockets/redis-bridge.js';
import { Sessions } from './sockets/sessions.js';
import { SubscriptionsService } from './sockets/subscriptions.service.js';
import { V1Gateway } from './v1/v1.gateway.js';

/** The parts of the realtime service. */
@Module({})
export class RealtimeModule {
  static forRoot(settings: RealtimeSettings): DynamicModule {
    const caps = { socketsMax: settings.REALTIME_SOCKETS_MAX, userSocketsMax: settings.REALTIME_USER_SOCKETS_MAX };
    const budgets = new ChannelBudgets({ ...caps, addressChannelsPerS: settings.REALTIME_ADDRESS_CHANNELS_PER_S });
    return {
      module: RealtimeModule,
      providers: [
        { provide: RedisBridge, useFactory: () => new RedisBridge(settings.REDIS_URL.reveal()) },
        { provide: Sessions, useValue: new Sessions(caps) },
        Audience,
        SymbolsService,
        { provide: ChannelBudgets, useValue: budgets },
        FanoutService,
        PositionsService,
        ...channelKinds,
        {
          provide: ChannelKindsService,
          useFactory: (bus: Bus, ...kinds: ChannelKind[]) => new ChannelKindsService(bus, kinds),
          inject: [Bus, ...channelKinds],
        },
        Doorman,
        SubscriptionsService,
        CaretakerService,
        MarketGateway,
        V1Gateway,
      ],
    };
  }
}
