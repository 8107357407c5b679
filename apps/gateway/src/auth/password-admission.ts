import { isIP } from 'node:net';
import { Failure } from '@mystocks/contracts';
import { addressGroup } from '@mystocks/edge';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RouteRules } from '../http/before-body.js';
import { factsOf } from '../http/facts.js';

/** Twice what one instance of auth takes from an address. */
const PLACES = 32;
/** How much longer a request that auth has refused keeps its place: a flood must not become as many calls to auth. */
const REFUSED_MS = 1_000;
const RATE_LIMITED = 429;
/** One for all refusals: of the time that refusing takes, recording a stack for each was 4 %. */
const TOO_MANY = new Failure(
  'rate_limited',
  'Too many logins or registrations from this address at once; try again later',
  { retryAfterS: 1 },
);

/**
 * Refuses logins and registrations of an address of which 32 are under way, or were refused by auth within the last
 * second, before their body is read. The others take the client's address along to auth, which shares out the turns for
 * hashes by it.
 */
export class PasswordAdmission {
  readonly #taken = new Map<string, number>();

  /**
   * Call it when the head of a request is read.
   * @throws {Failure} `rate_limited` for a login or a registration that is one too many
   */
  admit(request: FastifyRequest, { raw }: FastifyReply): void {
    if ((request.routeOptions.config as RouteRules).hashesPassword !== true) return;
    // `ip` is the address of the connection, or what a trusted proxy says (GATEWAY_TRUSTED_PROXIES).
    const address = groupOf(request.ip) ?? groupOf(request.socket.remoteAddress);
    const key = address ?? '';
    const others = this.#taken.get(key) ?? 0;
    if (others >= PLACES) throw TOO_MANY;
    this.#taken.set(key, others + 1);
    const leave = (): void => {
      this.#leave(key);
    };
    // Also when the client goes away before its answer.
    raw.once('close', () => {
      if (raw.statusCode === RATE_LIMITED) setTimeout(leave, REFUSED_MS).unref();
      else leave();
    });
    if (address !== undefined) factsOf(request).context.clientAddress = address;
  }

  #leave(address: string): void {
    const left = (this.#taken.get(address) ?? 1) - 1;
    if (left > 0) this.#taken.set(address, left);
    else this.#taken.delete(address);
  }
}

/** Undefined for what is no IP address. */
const groupOf = (ip: string | undefined): string | undefined =>
  ip === undefined || isIP(ip) === 0 ? undefined : addressGroup(ip);
