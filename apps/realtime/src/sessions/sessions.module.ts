import { Module } from '@nestjs/common';
import { RealtimeSettings } from '../realtime.settings.js';
import { ChannelBudgets } from './channel-budgets.js';
import { Sessions } from './sessions.js';

/** Authenticated sockets, and what each may do. */
@Module({
  providers: [
    {
      provide: Sessions,
      useFactory: (settings: RealtimeSettings) =>
        new Sessions({
          socketsMax: settings.REALTIME_SOCKETS_MAX,
          userSocketsMax: settings.REALTIME_USER_SOCKETS_MAX,
        }),
      inject: [RealtimeSettings],
    },
    {
      provide: ChannelBudgets,
      useFactory: (settings: RealtimeSettings) =>
        new ChannelBudgets({
          userSocketsMax: settings.REALTIME_USER_SOCKETS_MAX,
          addressChannelsPerS: settings.REALTIME_ADDRESS_CHANNELS_PER_S,
        }),
      inject: [RealtimeSettings],
    },
  ],
  exports: [Sessions, ChannelBudgets],
})
export class SessionsModule {}
