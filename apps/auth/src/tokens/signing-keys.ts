import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { KeySet, SigningKey } from '@mystocks/contracts';
import type { Secret } from '@mystocks/secrets';
import { calculateJwkThumbprint, exportJWK, SignJWT, type JWTPayload } from 'jose';

export interface SigningKeysOptions {
  readonly current: Secret;
  /** Still published, so that its tokens stay good until they end; signs nothing. */
  readonly previous?: Secret | undefined;
}

/** The keys of access tokens: one signs, it and the one before it are published (RFC 7517). */
export class SigningKeys {
  private constructor(
    private readonly key: KeyObject,
    private readonly kid: string,
    /** The public halves. */
    readonly published: KeySet,
  ) {}

  /** Reads the PEM texts; fails with the name of the bad setting, never with its value. */
  static async load(options: SigningKeysOptions): Promise<SigningKeys> {
    const key = readKey('AUTH_SIGNING_KEY', () => createPrivateKey(options.current.reveal()));
    const current = await publish(createPublicKey(key));
    const { previous } = options;
    if (previous === undefined) return new SigningKeys(key, current.kid, { keys: [current] });
    const older = await publish(readKey('AUTH_PREVIOUS_KEY', () => createPublicKey(previous.reveal())));
    const keys = older.kid === current.kid ? [current] : [current, older];
    return new SigningKeys(key, current.kid, { keys });
  }

  /** A compact ES256 token of type `at+jwt` (RFC 9068). */
  sign(claims: JWTPayload): Promise<string> {
    return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: this.kid }).sign(this.key);
  }
}

function readKey(setting: string, read: () => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = read();
  } catch {
    throw new Error(`${setting} is no PEM key`);
  }
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new Error(`${setting} is not on the curve P-256`);
  return key;
}

async function publish(key: KeyObject): Promise<SigningKey> {
  const { x = '', y = '' } = await exportJWK(key);
  // RFC 7638: every holder of the key computes the same name.
  const kid = await calculateJwkThumbprint({ kty: 'EC', crv: 'P-256', x, y });
  return { kty: 'EC', crv: 'P-256', x, y, kid, alg: 'ES256', use: 'sig' };
}
