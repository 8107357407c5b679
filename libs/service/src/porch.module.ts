import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { BusModule, type Bus } from '@mystocks/bus';
import { TokenVerifier } from '@mystocks/identity';

/** Around every service: its own module, the bus, and who checks tokens. */
@Module({})
export class PorchModule {
  static around(
    service: DynamicModule | Type,
    parts: { readonly bus: Bus; readonly verifier: TokenVerifier },
  ): DynamicModule {
    return {
      module: PorchModule,
      global: true,
      imports: [BusModule.forRoot(parts.bus), service],
      providers: [{ provide: TokenVerifier, useValue: parts.verifier }],
      exports: [TokenVerifier],
    };
  }
}
