import { Module } from '@nestjs/common';
import { RealtimeSettings } from '../realtime.settings.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { ConnectionAdmission } from './connection-admission.js';
import { RedisBridge } from './redis-bridge.js';

/** Which connections are admitted, and how instances reach each other. */
@Module({
  imports: [SessionsModule],
  providers: [
    ConnectionAdmission,
    {
      provide: RedisBridge,
      useFactory: ({ REDIS_URL }: RealtimeSettings) => new RedisBridge(REDIS_URL.reveal()),
      inject: [RealtimeSettings],
    },
  ],
  exports: [ConnectionAdmission],
})
export class ConnectionsModule {}
