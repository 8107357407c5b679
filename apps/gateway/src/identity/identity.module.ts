import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';
import { AccessGuard } from './access.guard.js';
import { JwtStrategy } from './jwt.strategy.js';
import { SigningKeys } from './signing-keys.js';

/** Checks the access token of every request, and the role that its route needs. */
@Module({
  imports: [PassportModule],
  providers: [JwtStrategy, SigningKeys, { provide: APP_GUARD, useClass: AccessGuard }],
})
export class IdentityModule {}
