import { Clock } from '@mystocks/kernel';
import { Module } from '@nestjs/common';
import { AuthSettings } from '../auth.settings.js';
import { PasswordsModule } from '../passwords/passwords.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccessTokens } from './access-tokens.js';
import { AttemptsRepository } from './attempts.repository.js';
import { ServiceTokensService } from './service-tokens.service.js';
import { SigningKeys } from './signing-keys.js';
import { TokensHandler } from './tokens.handler.js';
import { TokensService } from './tokens.service.js';

/** Issues access tokens to users and services. */
@Module({
  imports: [PasswordsModule, UsersModule],
  controllers: [TokensHandler],
  providers: [
    TokensService,
    AttemptsRepository,
    {
      provide: AccessTokens,
      useFactory: async (settings: AuthSettings, clock: Clock) => {
        const { AUTH_SIGNING_KEY: current, AUTH_PREVIOUS_KEY: previous } = settings;
        return new AccessTokens(await SigningKeys.load({ current, previous }), settings.TOKEN_ISSUER, clock);
      },
      inject: [AuthSettings, Clock],
    },
    {
      provide: ServiceTokensService,
      useFactory: ({ AUTH_CACHE_CLIENT_SECRET: cache }: AuthSettings, tokens: AccessTokens, clock: Clock) =>
        new ServiceTokensService({ cache }, tokens, clock),
      inject: [AuthSettings, AccessTokens, Clock],
    },
  ],
})
export class TokensModule {}
