import { Controller, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Bus } from '@mystocks/bus';
import {
  bootstrapAdministrator,
  BootstrapAdministratorRequest,
  getMe,
  GetMeRequest,
  issueToken,
  IssueTokenRequest,
  listKeys,
  registerUser,
  RegisterUserRequest,
  type IssuedToken,
  type User,
} from '@mystocks/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Operates } from '../docs/operation.js';
import { checkInput, FormBody, fromJson, fromQuery, jsonOf } from '../http/input.js';

/** Parameters of RFC 6749 that a stock client sends and that mean nothing here. */
const IGNORED = ['scope', 'client_id', 'client_secret'];

@ApiTags('identity')
@Controller()
export class TokensController {
  constructor(private readonly bus: Bus) {}

  @Post('api/v2/auth/register')
  @HttpCode(201)
  @Operates(registerUser, {
    summary: 'Open an account',
    body: RegisterUserRequest,
    hashesPassword: true,
    answers: { 201: 'created' },
  })
  register(@Req() request: FastifyRequest): Promise<User> {
    return this.bus.call(registerUser, fromJson(RegisterUserRequest, request));
  }

  @Post('api/v2/auth/bootstrap')
  @HttpCode(201)
  @Operates(bootstrapAdministrator, {
    summary: 'Make the first administrator, once, with the one-time token',
    body: BootstrapAdministratorRequest,
    hashesPassword: true,
    answers: { 201: 'created' },
  })
  bootstrap(@Req() request: FastifyRequest): Promise<User> {
    return this.bus.call(bootstrapAdministrator, fromJson(BootstrapAdministratorRequest, request));
  }

  @Post('api/v2/auth/token')
  @HttpCode(200)
  @Operates(issueToken, {
    summary: 'An access token for a user name and password',
    body: IssueTokenRequest,
    hashesPassword: true,
    consumes: ['application/x-www-form-urlencoded', 'application/json'],
  })
  token(@Req() request: FastifyRequest): Promise<IssuedToken> {
    return this.bus.call(issueToken, credentialsIn(request));
  }

  @Get('api/v2/auth/me')
  @Operates(getMe, { summary: 'Who the token speaks for', query: GetMeRequest })
  me(@Req() request: FastifyRequest): Promise<User> {
    return this.bus.call(getMe, fromQuery(GetMeRequest, request));
  }

  @Get('.well-known/jwks.json')
  @Operates(listKeys, { summary: 'Public keys that sign access tokens (RFC 7517)' })
  async keys(@Res() reply: FastifyReply): Promise<FastifyReply> {
    const keys = await this.bus.call(listKeys, {});
    return reply.header('cache-control', 'public, max-age=300').send(keys);
  }
}

/** A form (RFC 6749) or JSON. */
function credentialsIn(request: FastifyRequest): IssueTokenRequest {
  if (!(request.body instanceof FormBody)) return checkInput(IssueTokenRequest, jsonOf(request).value);
  const known = Object.entries(request.body.fields).filter(([name]) => !IGNORED.includes(name));
  return checkInput(IssueTokenRequest, Object.fromEntries(known), { from: 'text' });
}
