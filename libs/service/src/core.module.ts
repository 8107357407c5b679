import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { BusModule, type Bus } from '@mystocks/bus';
import type { ServiceSettings } from '@mystocks/config';
import { TokenVerifier } from '@mystocks/identity';
import { Clock, systemClock } from '@mystocks/kernel';

interface CoreOptions {
  readonly bus: Bus;
  readonly verifier: TokenVerifier;
  readonly settings: ServiceSettings;
}

/**
 * Contains the module of a service, and provides to all of its modules the bus, the clock, the verifier of access tokens
 * and the settings (by their class).
 */
@Module({})
export class CoreModule {
  static forRoot(service: DynamicModule | Type, { bus, verifier, settings }: CoreOptions): DynamicModule {
    return {
      module: CoreModule,
      global: true,
      imports: [BusModule.forRoot(bus), service],
      providers: [
        { provide: Clock, useValue: systemClock },
        { provide: TokenVerifier, useValue: verifier },
        { provide: settings.constructor, useValue: settings },
      ],
      exports: [Clock, TokenVerifier, settings.constructor],
    };
  }
}
