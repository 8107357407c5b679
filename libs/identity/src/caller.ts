import { Failure, type Call, type Role } from '@mystocks/contracts';

/** Who is asking, as a verified access token says. */
export interface Caller {
  readonly id: string;
  readonly username: string;
  readonly roles: readonly Role[];
  /** When the token ends, epoch ms. */
  readonly expiresAtMs: number;
}

/**
 * Refuses a caller that a call does not allow. The gateway and the owning service both ask this, from the same contract.
 * @throws {Failure} `unauthenticated` without a caller, `forbidden` without a fitting role
 */
export function authorize(allow: Call['allow'], caller: Caller | undefined): void {
  if (allow === 'anyone') return;
  if (caller === undefined) throw new Failure('unauthenticated', 'This needs an access token: Authorization: Bearer …');
  if (!caller.roles.some((role) => allow.includes(role))) {
    throw new Failure('forbidden', `This needs one of the roles ${allow.join(', ')}`);
  }
}
