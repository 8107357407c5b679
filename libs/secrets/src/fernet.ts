import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const VERSION = 0x80;
const HEADER_BYTES = 9;
const IV_BYTES = 16;
const MAC_BYTES = 32;
const BLOCK_BYTES = 16;
/** How far in the future a token's time may lie when its age is checked (Fernet spec, pyca/cryptography). */
const SKEW_MAX_S = 60;

/** One answer for every way a token can be wrong: which check failed would help only an attacker. */
export class InvalidToken extends Error {
  constructor() {
    super('the token does not fit the key');
    this.name = 'InvalidToken';
  }
}

/** What a valid token held. */
export interface OpenedToken {
  readonly plain: Buffer;
  /** When it was sealed, seconds since the epoch. */
  readonly sealedAtS: number;
}

export interface SealOptions {
  readonly atS?: number;
  /** For the vectors of the spec only: an IV is never used twice. */
  readonly iv?: Uint8Array;
}

export interface OpenOptions {
  /** The greatest age allowed; without it a token never expires. */
  readonly ttlS?: number;
  readonly nowS?: number;
}

/** A Fernet key (github.com/fernet/spec): 16 bytes that sign, 16 bytes that encrypt. */
export class FernetKey {
  readonly #signing: Buffer;
  readonly #encryption: Buffer;

  private constructor(bytes: Buffer) {
    this.#signing = bytes.subarray(0, 16);
    this.#encryption = bytes.subarray(16);
  }

  /** Reads a key from its base64url text; undefined when it is not one. */
  static parse(text: string): FernetKey | undefined {
    const bytes = decodeStrictly(text);
    return bytes?.length === 32 ? new FernetKey(bytes) : undefined;
  }

  seal(plain: Uint8Array, options: SealOptions = {}): string {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt8(VERSION, 0);
    header.writeBigUInt64BE(BigInt(options.atS ?? nowInSeconds()), 1);
    const iv = options.iv ?? randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-128-cbc', this.#encryption, iv);
    const signed = Buffer.concat([header, iv, cipher.update(plain), cipher.final()]);
    return encode(Buffer.concat([signed, this.#mac(signed)]));
  }

  /** Opens a token, or throws {@link InvalidToken}. */
  open(token: string, options: OpenOptions = {}): OpenedToken {
    const bytes = decodeStrictly(token);
    // The parts before the MAC's check are public; nothing below depends on the key until it has passed.
    if (bytes === undefined || !isWellFormed(bytes)) throw new InvalidToken();
    const sealedAt = bytes.readBigUInt64BE(1);
    if (options.ttlS !== undefined && !isFresh(sealedAt, options.ttlS, options.nowS ?? nowInSeconds()))
      throw new InvalidToken();
    const signed = bytes.subarray(0, -MAC_BYTES);
    if (!timingSafeEqual(this.#mac(signed), bytes.subarray(-MAC_BYTES))) throw new InvalidToken();
    return { plain: this.#decrypt(signed), sealedAtS: Number(sealedAt) };
  }

  #mac(signed: Uint8Array): Buffer {
    return createHmac('sha256', this.#signing).update(signed).digest();
  }

  #decrypt(signed: Buffer): Buffer {
    const iv = signed.subarray(HEADER_BYTES, HEADER_BYTES + IV_BYTES);
    const decipher = createDecipheriv('aes-128-cbc', this.#encryption, iv);
    try {
      return Buffer.concat([decipher.update(signed.subarray(HEADER_BYTES + IV_BYTES)), decipher.final()]);
    } catch {
      throw new InvalidToken();
    }
  }
}

/** The text of a new random key. */
export function newFernetKey(): string {
  return encode(randomBytes(32));
}

function isWellFormed(bytes: Buffer): boolean {
  const cipherBytes = bytes.length - HEADER_BYTES - IV_BYTES - MAC_BYTES;
  return bytes[0] === VERSION && cipherBytes >= BLOCK_BYTES && cipherBytes % BLOCK_BYTES === 0;
}

function isFresh(sealedAt: bigint, ttlS: number, nowS: number): boolean {
  return sealedAt + BigInt(ttlS) >= BigInt(nowS) && sealedAt <= BigInt(nowS + SKEW_MAX_S);
}

function nowInSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

function encode(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

/** Padded base64url and nothing else: Node's own decoder skips other characters, so encoding the result again must give the same text. */
function decodeStrictly(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return encode(bytes) === text ? bytes : undefined;
}
