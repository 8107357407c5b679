import { Module } from '@nestjs/common';
import { ConnectionsModule } from '../connections/connections.module.js';
import { FanoutModule } from '../fanout/fanout.module.js';
import { KindsModule } from '../kinds/kinds.module.js';
import { SymbolsModule } from '../reads/symbols.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { MarketGateway } from './market.gateway.js';
import { SessionMaintenanceService } from './session-maintenance.service.js';
import { SubscriptionsService } from './subscriptions.service.js';

/** The namespace `/market`. */
@Module({
  imports: [ConnectionsModule, FanoutModule, KindsModule, SessionsModule, SymbolsModule],
  providers: [SubscriptionsService, SessionMaintenanceService, MarketGateway],
})
export class MarketModule {}
