import { Module, type DynamicModule } from '@nestjs/common';
import { poolStates, PostgresModule } from '@mystocks/connection-pool';
import { listAuthPools } from '@mystocks/contracts';
import { poolsHandler } from '@mystocks/service';
import type { AuthSettings } from './auth.settings.js';
import { TokensModule } from './tokens/tokens.module.js';
import { UserEntity } from './users/user.entity.js';
import { UsersModule } from './users/users.module.js';

@Module({ imports: [TokensModule, UsersModule], controllers: [poolsHandler(listAuthPools, poolStates)] })
export class AuthModule {
  static forRoot(settings: AuthSettings): DynamicModule {
    const orm = { schema: 'auth', entities: [UserEntity] };
    const postgres = PostgresModule.forRoot({ name: 'auth', ...settings.pool(), readFrom: 'primary', orm });
    return { module: AuthModule, imports: [postgres] };
  }
}
