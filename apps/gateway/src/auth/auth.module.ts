import { Module } from '@nestjs/common';
import { TokensController } from './tokens.controller.js';
import { UsersController } from './users.controller.js';

/** Tokens and accounts. */
@Module({ controllers: [TokensController, UsersController] })
export class AuthModule {}
