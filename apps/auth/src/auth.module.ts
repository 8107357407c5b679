import { availableParallelism } from 'node:os';
import { Module, type DynamicModule } from '@nestjs/common';
import { PostgresModule } from '@mystocks/connection-pool';
import type { AuthSettings } from './auth.settings.js';
import { HashProcesses } from './passwords/hash-processes.js';
import { PasswordHasher } from './passwords/password-hasher.js';
import { WorkQueue } from './passwords/work-queue.js';
import { PoolsHandler } from './pools/pools.handler.js';
import { AccessTokens } from './tokens/access-tokens.js';
import { AttemptsRepository } from './tokens/attempts.repository.js';
import { ServiceTokensService } from './tokens/service-tokens.service.js';
import { SigningKeys } from './tokens/signing-keys.js';
import { TokensHandler } from './tokens/tokens.handler.js';
import { TokensService } from './tokens/tokens.service.js';
import { BootstrapToken } from './users/bootstrap-token.js';
import { UserEntity } from './users/user.entity.js';
import { UsersHandler } from './users/users.handler.js';
import { UsersRepository } from './users/users.repository.js';
import { UsersService } from './users/users.service.js';

// bcrypt takes 0.25 s of a processor: a flood has half of them, and one more is for addresses that do not flood.
const PROCESSORS = availableParallelism();
const atOnce = Math.max(1, Math.floor(PROCESSORS / 2));
const HASHING = { atOnce, atOnceForFresh: Math.min(PROCESSORS, atOnce + 1) };

/** The parts list of the auth service. */
@Module({})
export class AuthModule {
  static forRoot(settings: AuthSettings): DynamicModule {
    return {
      module: AuthModule,
      imports: [
        PostgresModule.forRoot({
          name: 'auth',
          ...settings.pool(),
          readFrom: 'primary',
          orm: { schema: 'auth', entities: [UserEntity] },
        }),
      ],
      controllers: [PoolsHandler, UsersHandler, TokensHandler],
      providers: [
        UsersService,
        UsersRepository,
        TokensService,
        AttemptsRepository,
        {
          provide: WorkQueue,
          useFactory: startQueue,
          inject: [PasswordHasher],
        },
        { provide: HashProcesses, useFactory: () => new HashProcesses(HASHING.atOnceForFresh) },
        { provide: BootstrapToken, useFactory: () => new BootstrapToken(settings.AUTH_BOOTSTRAP_TOKEN) },
        {
          provide: PasswordHasher,
          useFactory: (processes: HashProcesses) => {
            const { AUTH_PASSWORD_PEPPER: pepper, AUTH_BCRYPT_COST: cost } = settings;
            return new PasswordHasher({ pepper, cost, processes });
          },
          inject: [HashProcesses],
        },
        {
          provide: AccessTokens,
          useFactory: async () => {
            const { AUTH_SIGNING_KEY: current, AUTH_PREVIOUS_KEY: previous } = settings;
            return new AccessTokens(await SigningKeys.load({ current, previous }), settings.TOKEN_ISSUER);
          },
        },
        {
          provide: ServiceTokensService,
          useFactory: (tokens: AccessTokens) =>
            new ServiceTokensService({ cache: settings.AUTH_CACHE_CLIENT_SECRET }, tokens),
          inject: [AccessTokens],
        },
      ],
    };
  }
}

/** A queue that knows from the start how long a hash takes here. */
async function startQueue(hasher: PasswordHasher): Promise<WorkQueue> {
  const queue = new WorkQueue(HASHING);
  await queue.measure(() => hasher.fits('', undefined));
  return queue;
}
