import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FernetKey, InvalidToken, newFernetKey } from './index.js';

const SECRET = 'cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=';
const TOKEN = 'gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==';
const inSeconds = (text: string): number => Date.parse(text) / 1_000;
const keyOf = (text: string): FernetKey => {
  const key = FernetKey.parse(text);
  if (key === undefined) throw new Error('not a key');
  return key;
};
const padded = (bytes: Buffer): string => bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_');
const key = keyOf(SECRET);

/** invalid.json of github.com/fernet/spec: all with this key, ttl 60 s, now 1985-10-26T01:20:01-07:00 unless told. */
const invalid: readonly [string, string, string?][] = [
  [
    'incorrect mac',
    'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykQUFBQUFBQUFBQQ==',
  ],
  ['too short', 'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPA=='],
  [
    'invalid base64',
    '%%%%%%%%%%%%%AECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==',
  ],
  [
    'payload size not multiple of block size',
    'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPOm73QeoCk9uGib28Xe5vz6oxq5nmxbx_v7mrfyudzUm',
  ],
  [
    'payload padding error',
    'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0ODz4LEpdELGQAad7aNEHbf-JkLPIpuiYRLQ3RtXatOYREu2FWke6CnJNYIbkuKNqOhw==',
  ],
  [
    'far-future TS (unacceptable clock skew)',
    'gAAAAAAdwStRAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAnja1xKYyhd-Y6mSkTOyTGJmw2Xc2a6kBd-iX9b_qXQcw==',
  ],
  [
    'expired TTL',
    'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==',
    '1985-10-26T01:21:31-07:00',
  ],
  [
    'incorrect IV (causes padding error)',
    'gAAAAAAdwJ6xBQECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAkLhFLHpGtDBRLRTZeUfWgHSv49TF2AUEZ1TIvcZjK1zQ==',
  ],
  ['trailing characters after b64 padding', `${TOKEN}trailingdata`],
  [
    'invalid characters in b64',
    '*gAAAAAAdwJ6wAAECAwQFBgcI!CQoLDA0ODy021?cpGVWKZ_eEwC@GM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==',
  ],
  [
    'invalid non-urlsafe characters in b64',
    'gAAAAAAdwJ6wAAEC/AwQFBgcICQoLDA0ODy+021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==',
  ],
];

describe('Fernet by its spec', () => {
  it('generates the vector of generate.json', () => {
    const iv = Uint8Array.from({ length: 16 }, (_, index) => index);
    expect(key.seal(Buffer.from('hello'), { atS: inSeconds('1985-10-26T01:20:00-07:00'), iv })).toBe(TOKEN);
  });

  it('opens the vector of verify.json', () => {
    const opened = key.open(TOKEN, { ttlS: 60, nowS: inSeconds('1985-10-26T01:20:01-07:00') });
    expect(opened.plain.toString()).toBe('hello');
    expect(opened.sealedAtS).toBe(inSeconds('1985-10-26T01:20:00-07:00'));
  });

  it.each(invalid)('refuses the vector of invalid.json: %s', (_what, token, now = '1985-10-26T01:20:01-07:00') => {
    expect(() => key.open(token, { ttlS: 60, nowS: inSeconds(now) })).toThrow(InvalidToken);
  });

  it('opens what pyca/cryptography 48 sealed, with bytes that are no ASCII and with none at all', () => {
    expect(
      key.open('gAAAAABpVbkAa0EkuKm6sUPF-HxrI7wzsLpNfb0MCAcnnbmYiFR4ZbhhgTqPCitDhdDChrgPl87E5YZqygdvB5ibS96cQUJQjA=='),
    ).toEqual({ plain: Buffer.from('密码 p@ss\n'), sealedAtS: 1_767_225_600 });
    expect(
      key.open('gAAAAABpVbkAf5eU90VJ1deIuToQ9LRNpcPD4fwvQXntIztSr7IDgaA4TvZu2L-HUgd1oo5d3F8pwpeB3clp8Gwk4GH7OwZ7Qw==')
        .plain,
    ).toHaveLength(0);
  });

  it('lets a token live through the last second of its ttl and 60 s of foreign clock', () => {
    const token = key.seal(Buffer.from('x'), { atS: 1_000 });
    expect(key.open(token, { ttlS: 60, nowS: 1_060 }).sealedAtS).toBe(1_000);
    expect(() => key.open(token, { ttlS: 60, nowS: 1_061 })).toThrow(InvalidToken);
    expect(key.open(token, { ttlS: 60, nowS: 940 }).sealedAtS).toBe(1_000);
    expect(() => key.open(token, { ttlS: 60, nowS: 939 })).toThrow(InvalidToken);
  });
});

describe('Fernet under attack', () => {
  it('accepts none of 100,000 tokens with one flipped bit', () => {
    const token = Buffer.from(key.seal(Buffer.from('a password that no one may change')), 'base64url');
    let accepted = 0;
    for (let trial = 0; trial < 100_000; trial++) {
      const at = trial % (token.length * 8);
      const changed = Buffer.from(token);
      changed[at >> 3] = (changed[at >> 3] ?? 0) ^ (1 << (at & 7));
      try {
        key.open(padded(changed));
        accepted += 1;
      } catch (error) {
        if (!(error instanceof InvalidToken)) throw error;
      }
    }
    expect(accepted).toBe(0);
  });

  it('refuses missing padding, a changed last character, spaces and line ends', () => {
    const sloppy = [TOKEN.slice(0, -2), TOKEN.replace('DA==', 'DB=='), ` ${TOKEN}`, `${TOKEN}\n`, ''];
    for (const token of sloppy) expect(() => key.open(token)).toThrow(InvalidToken);
  });

  it('opens any bytes it sealed, with that key and no other', () => {
    const other = keyOf(newFernetKey());
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const token = key.seal(bytes);
        expect(new Uint8Array(key.open(token).plain)).toEqual(bytes);
        expect(() => other.open(token)).toThrow(InvalidToken);
      }),
      { numRuns: 200 },
    );
  });

  it.each(['', 'short', SECRET.slice(0, -1), `${SECRET}=`, SECRET.replaceAll('_', '/'), 'A'.repeat(44)])(
    'takes %j for no key',
    (text) => {
      expect(FernetKey.parse(text)).toBeUndefined();
    },
  );
});
