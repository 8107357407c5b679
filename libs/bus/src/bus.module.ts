import { Module, type DynamicModule } from '@nestjs/common';
import { Bus } from './bus.js';

/** Lets every provider of the service inject {@link Bus}. */
@Module({})
export class BusModule {
  static forRoot(bus: Bus): DynamicModule {
    return { module: BusModule, global: true, providers: [{ provide: Bus, useValue: bus }], exports: [Bus] };
  }
}
