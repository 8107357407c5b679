import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeKept, encodeKept } from './encode-kept.js';
import { keptWith } from './tier.conformance.js';

describe('an encoded entry', () => {
  it('comes back as it was', () => {
    const kept = keptWith({ body: Buffer.from('{"bars":[]}'), tags: ['600519.SH'] });
    expect(decodeKept(encodeKept(kept))).toEqual(kept);
  });

  it('is nothing when its bytes are not ours', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(decodeKept(Buffer.from(bytes))).toBeUndefined();
      }),
    );
  });

  it('is nothing when it was cut off or its JSON part is of another shape', () => {
    const whole = encodeKept(keptWith({ body: Buffer.alloc(0) }));
    for (let length = 0; length < whole.length; length += 1) {
      expect(decodeKept(whole.subarray(0, length))).toBeUndefined();
    }
    const meta = Buffer.from('{"about":{"etag":1},"expiresAtMs":5}');
    const head = Buffer.from([1, 0, 0, 0, meta.length]);
    expect(decodeKept(Buffer.concat([head, meta]))).toBeUndefined();
  });
});
