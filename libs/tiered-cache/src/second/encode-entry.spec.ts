import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeEntry, encodeEntry } from './encode-entry.js';
import { keptWith } from '../tier.conformance.js';

describe('an encoded entry', () => {
  it('decodes to the same entry', () => {
    const kept = keptWith({ body: Buffer.from('{"bars":[]}'), tags: ['600519.SH'] });
    expect(decodeEntry(encodeEntry(kept))).toEqual(kept);
  });

  it('does not decode bytes of another kind', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(decodeEntry(Buffer.from(bytes))).toBeUndefined();
      }),
    );
  });

  it('does not decode when it was cut off', () => {
    const whole = encodeEntry(keptWith({ body: Buffer.alloc(0) }));
    for (let length = 0; length < whole.length; length += 1) {
      expect(decodeEntry(whole.subarray(0, length))).toBeUndefined();
    }
  });

  it('does not decode when its layout is another', () => {
    const bytes = encodeEntry(keptWith({}));
    for (const layout of [0, 1, 3, 255]) {
      bytes.writeUInt8(layout, 0);
      expect(decodeEntry(bytes)).toBeUndefined();
    }
  });

  it.each([
    ['etag', 1],
    ['tags', ['one', 2]],
    ['tags', 'one'],
    ['ttl_ms', '60000'],
    ['built_at_ms', null],
    ['swr_ms', '1'],
    ['quality', 'best'],
    ['quality_at', '7'],
    ['as_of', 2024],
    ['immutable', 'yes'],
  ])('does not decode when its %s is %j', (field, value) => {
    expect(decodeEntry(encodeEntry(keptWith({ [field]: value })))).toBeUndefined();
  });

  it.each([
    ['expiresAtMs', 'never'],
    ['graceUntilMs', undefined],
    ['position', 7],
  ])('does not decode when its %s is %j', (field, value) => {
    expect(decodeEntry(encodeEntry(keptWith({}, { [field]: value })))).toBeUndefined();
  });
});
