import { isIP } from 'node:net';
import { Failure } from '@mystocks/contracts';
import { addressGroup } from '@mystocks/edge';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RouteRules } from '../http/before-body.js';
import { factsOf } from '../http/facts.js';

/** Twice what one instance of auth takes from an address. */
const UNDER_WAY_MAX = 32;
/** After so many refusals by auth within a second the others of that second are refused here: a call costs more. */
const REFUSALS_MAX = 16;
const REFUSALS_MS = 1_000;
const RATE_LIMITED = 429;

/** Numbers of addresses; an address without any is not kept. */
class Counts {
  readonly #counts = new Map<string, number>();

  of(address: string): number {
    return this.#counts.get(address) ?? 0;
  }

  add(address: string, change: number): void {
    const count = this.of(address) + change;
    if (count > 0) this.#counts.set(address, count);
    else this.#counts.delete(address);
  }
}

/**
 * Refuses logins and registrations of one address beyond 32 at a time, and those of an address that auth has just refused
 * 16 times, before their body is read. The others take the client's address along to auth, which shares out the turns
 * for hashes by it.
 */
export class PasswordAdmission {
  readonly #underWay = new Counts();
  readonly #refused = new Counts();

  /**
   * Call it when the head of a request is read.
   * @throws {Failure} `rate_limited` for a login or a registration that is one too many
   */
  admit(request: FastifyRequest, { raw }: FastifyReply): void {
    if ((request.routeOptions.config as RouteRules).hashesPassword !== true) return;
    // `ip` is the address of the connection, or what a trusted proxy says (GATEWAY_TRUSTED_PROXIES).
    const address = groupOf(request.ip) ?? groupOf(request.socket.remoteAddress);
    const key = address ?? '';
    if (this.#underWay.of(key) >= UNDER_WAY_MAX || this.#refused.of(key) >= REFUSALS_MAX) throw tooMany();
    this.#underWay.add(key, 1);
    // Also when the client goes away before its answer.
    raw.once('close', () => {
      this.#underWay.add(key, -1);
      if (raw.statusCode === RATE_LIMITED) this.#noteRefusal(key);
    });
    if (address !== undefined) factsOf(request).context.clientAddress = address;
  }

  #noteRefusal(address: string): void {
    this.#refused.add(address, 1);
    setTimeout(() => {
      this.#refused.add(address, -1);
    }, REFUSALS_MS).unref();
  }
}

/** Undefined for what is no IP address. */
const groupOf = (ip: string | undefined): string | undefined =>
  ip === undefined || isIP(ip) === 0 ? undefined : addressGroup(ip);

const tooMany = (): Failure =>
  new Failure('rate_limited', 'Too many logins or registrations from this address at once; try again later', {
    retryAfterS: 1,
  });
