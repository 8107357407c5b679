import { Injectable, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { Failure, type Call } from '@mystocks/contracts';
import { authorize, TokenVerifier, type Caller } from '@mystocks/identity';
import type { FastifyRequest } from 'fastify';
import { bearerOf, factsOf } from '../http/facts.js';
import { POLICY } from './policy.js';

/** Guards every route. A route without a policy refuses every caller. */
@Injectable()
export class AccessGuard extends AuthGuard('jwt') {
  constructor(
    private readonly reflector: Reflector,
    private readonly verifier: TokenVerifier,
  ) {
    super();
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const allow = this.reflector.get<Call['allow'] | undefined>(POLICY, context.getHandler());
    if (allow === undefined) throw new Failure('forbidden', 'This route is open to no caller');
    if (allow === 'anyone') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest & { user?: Caller }>();
    const token = bearerOf(request.headers.authorization);
    if (token === undefined) authorize(allow, undefined);
    const known = token === undefined ? undefined : this.verifier.remembered(token);
    if (known === undefined) await super.canActivate(context);
    const caller = known ?? request.user;
    authorize(allow, caller);
    const facts = factsOf(request);
    facts.caller = caller;
    // From here on calls on the bus carry the caller's own token: each owning service checks it again.
    if (token !== undefined) facts.context.token = token;
    return true;
  }

  override handleRequest<User>(error: unknown, user: User | false, info: unknown): User {
    if (error instanceof Failure) throw error;
    if (info instanceof Failure) throw info;
    if (user === false || error !== null) {
      throw new Failure('unauthenticated', 'The access token is not valid', {
        problem: 'TOKEN_INVALID',
        cause: error ?? info,
      });
    }
    return user;
  }
}
