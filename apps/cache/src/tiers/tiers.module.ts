import { Module, type DynamicModule } from '@nestjs/common';
import type { Tier } from '@mystocks/tiered-cache';
import { SecondTier } from './second-tier.js';

/** Provides L2 to all modules. */
@Module({})
export class TiersModule {
  static forRoot(tier: Tier): DynamicModule {
    const second = { provide: SecondTier, useFactory: () => new SecondTier(tier) };
    return { module: TiersModule, global: true, providers: [second], exports: [SecondTier] };
  }
}
