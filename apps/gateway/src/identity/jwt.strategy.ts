import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Failure } from '@mystocks/contracts';
import { TokenVerifier, type Caller } from '@mystocks/identity';
import type { FastifyRequest } from 'fastify';
import { Strategy } from 'passport-jwt';
import { bearerOf } from '../http/facts.js';
import { SigningKeys } from './signing-keys.js';

type Done = (error: Error | null, key?: string) => void;

/**
 * passport-jwt as the second lock. `jsonwebtoken`, which it uses, ignores `typ`, `crit` and missing claims,
 * so a token must pass `TokenVerifier` before its key is handed over at all.
 */
@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy, 'jwt') {
  constructor(
    private readonly verifier: TokenVerifier,
    keys: SigningKeys,
  ) {
    super({
      jwtFromRequest: (request: FastifyRequest) => bearerOf(request.headers.authorization) ?? null,
      secretOrKeyProvider: (_request: unknown, token: string, done: Done) => {
        verifier
          .verify(token)
          .then(() => keys.pemOf(token))
          .then(
            (pem) => {
              done(null, pem);
            },
            (error: unknown) => {
              done(error instanceof Error ? error : new Failure('internal', 'The token could not be checked'));
            },
          );
      },
      algorithms: ['ES256'],
      passReqToCallback: true,
    });
  }

  /** The caller as `TokenVerifier` read it. */
  validate(request: FastifyRequest): Caller | false {
    const token = bearerOf(request.headers.authorization);
    return (token === undefined ? undefined : this.verifier.remembered(token)) ?? false;
  }
}
