import { Module } from '@nestjs/common';
import { ConnectionsModule } from '../connections/connections.module.js';
import { FanoutModule } from '../fanout/fanout.module.js';
import { SymbolsModule } from '../reads/symbols.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { V1Gateway } from './v1.gateway.js';

/** The namespace `/` with the events of the first version. */
@Module({
  imports: [ConnectionsModule, FanoutModule, SessionsModule, SymbolsModule],
  providers: [V1Gateway],
})
export class V1Module {}
