import { Module } from '@nestjs/common';
import { AuthSettings } from '../auth.settings.js';
import { PasswordsModule } from '../passwords/passwords.module.js';
import { BootstrapToken } from './bootstrap-token.js';
import { UsersHandler } from './users.handler.js';
import { UsersRepository } from './users.repository.js';
import { UsersService } from './users.service.js';

/** Registers users, and reads their profiles. */
@Module({
  imports: [PasswordsModule],
  controllers: [UsersHandler],
  providers: [
    UsersService,
    UsersRepository,
    {
      provide: BootstrapToken,
      useFactory: ({ AUTH_BOOTSTRAP_TOKEN }: AuthSettings) => new BootstrapToken(AUTH_BOOTSTRAP_TOKEN),
      inject: [AuthSettings],
    },
  ],
  exports: [UsersRepository],
})
export class UsersModule {}
