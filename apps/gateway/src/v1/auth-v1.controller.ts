import { Controller, Get, HttpCode, Post, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Bus } from '@mystocks/bus';
import {
  Failure,
  getMe,
  GetMeRequest,
  issueToken,
  registerUser,
  RegisterUserRequest,
  type Role,
  type User,
} from '@mystocks/contracts';
import { systemClock } from '@mystocks/kernel';
import { withContext } from '@mystocks/telemetry';
import { IsText } from '@mystocks/validation';
import type { FastifyRequest } from 'fastify';
import { Operates } from '../docs/operation.js';
import { factsOf } from '../http/facts.js';
import { checkInput, FormBody, fromJson, fromQuery } from '../http/input.js';
import { envelope } from './envelope.js';

class LoginForm {
  @IsText(1, 64) readonly username!: string;
  @IsText(1, 256) readonly password!: string;
  @IsText(0, 40) readonly grant_type: string = 'password';
  @IsText(0, 200) readonly scope: string = '';
  @IsText(0, 200) readonly client_id: string = '';
  @IsText(0, 200) readonly client_secret: string = '';
}

/** The original had one role for each user, so this answers the strongest one. */
const strongest: readonly Role[] = ['admin', 'operator', 'analyst', 'feed', 'auditor', 'user', 'guest'];
const toUserV1 = ({ id, username, roles }: User): Record<string, unknown> => ({
  id,
  username,
  email: null,
  role: strongest.find((role) => roles.includes(role)) ?? 'guest',
  is_active: true,
});

@ApiTags('v1')
@Controller('api/v1/auth')
export class AuthV1Controller {
  constructor(private readonly bus: Bus) {}

  /** Bare, as OAuth clients read it. */
  @Post('login')
  @HttpCode(200)
  @Operates(issueToken, {
    summary: 'Log in with a form',
    body: LoginForm,
    hashesPassword: true,
    consumes: ['application/x-www-form-urlencoded'],
    deprecated: true,
  })
  async login(@Req() request: FastifyRequest): Promise<Record<string, unknown>> {
    if (!(request.body instanceof FormBody)) throw new Failure('unsupported_media', 'This needs a form');
    const { username, password } = checkInput(LoginForm, request.body.fields, { from: 'text' });
    const token = await this.bus.call(issueToken, { grant_type: 'password', username, password });
    const user = await withContext({ ...factsOf(request).context, token: token.access_token }, () =>
      this.bus.call(getMe, {}),
    );
    return {
      access_token: token.access_token,
      token_type: 'bearer',
      expires_in: token.expires_in,
      user: toUserV1(user),
    };
  }

  @Get('me')
  @Operates(getMe, { summary: 'Who the token speaks for', query: GetMeRequest, deprecated: true })
  async me(@Req() request: FastifyRequest): Promise<Record<string, unknown>> {
    return toUserV1(await this.bus.call(getMe, fromQuery(GetMeRequest, request)));
  }

  @Post('register')
  @HttpCode(201)
  @Operates(registerUser, {
    summary: 'Open an account',
    body: RegisterUserRequest,
    hashesPassword: true,
    answers: { 201: 'created' },
    deprecated: true,
  })
  async register(@Req() request: FastifyRequest): Promise<Record<string, unknown>> {
    const user = await this.bus.call(registerUser, fromJson(RegisterUserRequest, request));
    const about = { requestId: factsOf(request).context.requestId, nowMs: systemClock.now() };
    return envelope(toUserV1(user), '注册成功', about);
  }
}
