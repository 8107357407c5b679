import { isIP } from 'node:net';
import { Failure } from '@mystocks/contracts';
import { addressGroup } from '@mystocks/edge';
import type { FastifyInstance } from 'fastify';
import type { RouteRules } from '../http/before-body.js';
import { factsOf } from '../http/facts.js';

/** Twice what one instance of auth takes from an address. */
const UNDER_WAY_MAX = 32;

/**
 * Refuses logins and registrations of one address beyond 32 at a time before their body is read. The others take the
 * client's address along to auth, which shares out the turns for hashes by it.
 */
export function addPasswordHook(server: FastifyInstance): void {
  const underWay = new Map<string, number>();
  const leave = (address: string): void => {
    const left = (underWay.get(address) ?? 1) - 1;
    if (left > 0) underWay.set(address, left);
    else underWay.delete(address);
  };

  server.addHook('onRequest', (request, reply, done) => {
    if ((request.routeOptions.config as RouteRules).hashesPassword !== true) {
      done();
      return;
    }
    // `ip` is the address of the connection, or what a trusted proxy says (GATEWAY_TRUSTED_PROXIES).
    const address = groupOf(request.ip) ?? groupOf(request.socket.remoteAddress);
    const key = address ?? '';
    const others = underWay.get(key) ?? 0;
    if (others >= UNDER_WAY_MAX) {
      done(tooMany());
      return;
    }
    underWay.set(key, others + 1);
    // Also when the client goes away before its answer.
    reply.raw.once('close', () => {
      leave(key);
    });
    if (address !== undefined) factsOf(request).context.clientAddress = address;
    done();
  });
}

/** Undefined for what is no IP address. */
const groupOf = (ip: string | undefined): string | undefined =>
  ip === undefined || isIP(ip) === 0 ? undefined : addressGroup(ip);

const tooMany = (): Failure =>
  new Failure('rate_limited', 'Too many logins or registrations from this address at once; try again later', {
    retryAfterS: 1,
  });
