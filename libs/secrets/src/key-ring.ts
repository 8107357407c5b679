import { FernetKey, InvalidToken, type OpenedToken } from './fernet.js';
import { Secret } from './secret.js';

const PREFIX = 'enc:';
const ENVELOPE = /^enc:fernet:([A-Za-z0-9_-]{1,32}):(.*)$/s;
const KEY_LINE = /^([A-Za-z0-9_-]{1,32}):(\S+)$/;
const KEYS_MAX = 16;

interface NamedKey {
  readonly kid: string;
  readonly key: FernetKey;
}

/**
 * The master keys, newest first: the first one seals, every one opens. To rotate: add the new key at the end
 * everywhere, move it to the front everywhere, `rotate` every value, then drop the old key.
 */
export class KeyRing {
  readonly #keys: readonly NamedKey[];
  readonly #newest: NamedKey;

  private constructor(keys: readonly NamedKey[], newest: NamedKey) {
    this.#keys = keys;
    this.#newest = newest;
  }

  /** Reads a key file: lines `kid:base64urlkey`; empty lines and lines that start with `#` are skipped. */
  static parse(text: string): KeyRing {
    const keys = text.split(/\r?\n/).flatMap((line, index) => readLine(line.trim(), index + 1));
    const [newest] = keys;
    if (newest === undefined) throw new Error('the key file holds no key');
    if (keys.length > KEYS_MAX) throw new Error(`the key file holds more than ${KEYS_MAX} keys`);
    if (new Set(keys.map(({ kid }) => kid)).size < keys.length) throw new Error('the key file names a key id twice');
    return new KeyRing(keys, newest);
  }

  /** Seals a text under the newest key: `enc:fernet:<kid>:<token>`. */
  seal(plain: string, atS?: number): string {
    return this.#envelope(Buffer.from(plain, 'utf8'), atS);
  }

  /** Opens a sealed value with the key it names. */
  open(sealed: string): Secret {
    return new Secret(this.#opened(sealed).plain.toString('utf8'));
  }

  /** Seals again under the newest key; the moment of the first sealing is kept. */
  rotate(sealed: string): string {
    const { plain, sealedAtS } = this.#opened(sealed);
    return this.#envelope(plain, sealedAtS);
  }

  /** The id of the key a value is sealed under; undefined when it is not a sealed value. */
  static keyIdOf(sealed: string): string | undefined {
    return ENVELOPE.exec(sealed)?.[1];
  }

  #opened(sealed: string): OpenedToken {
    const [, kid, token] = ENVELOPE.exec(sealed) ?? [];
    if (token === undefined) throw new InvalidToken();
    const named = this.#keys.find((one) => one.kid === kid);
    if (named === undefined) throw new Error(`the key ring has no key '${kid}'`);
    return named.key.open(token);
  }

  #envelope(plain: Uint8Array, atS: number | undefined): string {
    const { kid, key } = this.#newest;
    return `${PREFIX}fernet:${kid}:${key.seal(plain, atS === undefined ? {} : { atS })}`;
  }
}

/** A setting's value as a secret: what starts with `enc:` is opened with the key ring, the rest is taken as it is. */
export function openSecret(text: string, keys?: KeyRing): Secret {
  if (!text.startsWith(PREFIX)) return new Secret(text);
  if (keys === undefined) throw new Error('a sealed value needs the key file (MASTER_KEY_FILE)');
  return keys.open(text);
}

function readLine(line: string, number: number): NamedKey[] {
  if (line === '' || line.startsWith('#')) return [];
  const [, kid, text] = KEY_LINE.exec(line) ?? [];
  const key = text === undefined ? undefined : FernetKey.parse(text);
  if (kid === undefined || key === undefined) throw new Error(`line ${number} of the key file is not kid:key`);
  return [{ kid, key }];
}
