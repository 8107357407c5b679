import { Module } from '@nestjs/common';
import { MarketModule } from './market/market.module.js';
import { V1Module } from './v1/v1.module.js';

@Module({ imports: [MarketModule, V1Module] })
export class RealtimeModule {}
