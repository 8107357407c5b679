import { describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { FernetKey, InvalidToken, KeyRing, newFernetKey, openSecret, Secret } from './index.js';

const [oldKey, newKey] = [newFernetKey(), newFernetKey()];
const before = KeyRing.parse(`# master keys\n\nv1:${oldKey}\n`);
const meanwhile = KeyRing.parse(`v2:${newKey}\r\nv1:${oldKey}`);
const after = KeyRing.parse(`v2:${newKey}`);

describe('Secret', () => {
  it('shows itself nowhere but in reveal()', () => {
    const secret = new Secret('hunter2-hunter2');
    const shown = [
      String(secret),
      `${secret}`,
      JSON.stringify({ secret }),
      inspect({ secret }, { showHidden: true, depth: 9 }),
    ];
    shown.push(inspect(secret), JSON.stringify(Object.entries(secret)), JSON.stringify(structuredClone({ ...secret })));
    expect(shown.join()).not.toContain('hunter2');
    expect(JSON.stringify(secret)).toBe('"[secret]"');
    expect(secret.reveal()).toBe('hunter2-hunter2');
  });
});

describe('KeyRing', () => {
  it('seals as enc:fernet:<kid>:<token> and opens it again', () => {
    const sealed = before.seal('postgres://x:pässword@db/mystocks');
    expect(sealed).toMatch(/^enc:fernet:v1:[A-Za-z0-9_-]+=*$/);
    expect(before.open(sealed).reveal()).toBe('postgres://x:pässword@db/mystocks');
  });

  it('rotates to the newest key, keeps the time of the first sealing and takes a new IV', () => {
    const sealed = before.seal('value', 1_000);
    const rotated = meanwhile.rotate(sealed);
    expect(KeyRing.keyIdOf(rotated)).toBe('v2');
    expect(after.open(rotated).reveal()).toBe('value');
    expect(FernetKey.parse(newKey)?.open(rotated.replace('enc:fernet:v2:', '')).sealedAtS).toBe(1_000);
    expect(meanwhile.rotate(rotated)).not.toBe(rotated);
  });

  it('opens old and new values while both keys are there', () => {
    for (const sealed of [before.seal('value'), after.seal('value')])
      expect(meanwhile.open(sealed).reveal()).toBe('value');
  });

  it('refuses a dropped key by its name, a wrong name and every other envelope', () => {
    const sealed = before.seal('value');
    expect(() => after.open(sealed)).toThrow("no key 'v1'");
    expect(() => after.rotate(sealed)).toThrow("no key 'v1'");
    expect(() => meanwhile.open(sealed.replace(':v1:', ':v2:'))).toThrow(InvalidToken);
    for (const text of ['enc:aes:v1:x', 'enc:fernet:x', 'enc:', 'value'])
      expect(() => before.open(text)).toThrow(InvalidToken);
  });

  it.each<[string, string]>([
    ['', 'no key'],
    ['v1:short', 'line 1'],
    [`v1:${oldKey}\nv 2:${newKey}`, 'line 2'],
    [`v1:${oldKey}\nv1:${newKey}`, 'twice'],
  ])('refuses a bad key file without showing what is in it', (text, why) => {
    expect(() => KeyRing.parse(text)).toThrow(why);
    try {
      KeyRing.parse(text);
    } catch (error) {
      expect(String(error)).not.toMatch(new RegExp(`${oldKey}|${newKey}|short`));
    }
  });
});

describe('openSecret', () => {
  it('takes plain values as they are and opens sealed ones', () => {
    expect(openSecret('plain').reveal()).toBe('plain');
    expect(openSecret(before.seal('sealed'), before).reveal()).toBe('sealed');
  });

  it('says what is missing when a sealed value comes without a key file', () => {
    expect(() => openSecret(before.seal('sealed'))).toThrow('MASTER_KEY_FILE');
  });
});
