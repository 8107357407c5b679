import { describe, expect, it } from '@jest/globals';
import { compareLsn, type Lsn } from '@mystocks/kernel';
import fc from 'fast-check';
import { Fences } from './fences.js';

const lsn = (position: number): Lsn => `${Math.floor(position / 256).toString(16)}/${(position % 256).toString(16)}`;

describe('Fences', () => {
  it('allows everything before the first write', () => {
    expect(new Fences().allows(['600519.SH'], undefined)).toBe(true);
  });

  it('refuses an answer requested before a write that touched one of its tags', () => {
    const fences = new Fences();
    fences.raise(['600519.SH'], '0/20');
    expect(fences.allows(['000001.SZ', '600519.SH'], '0/1F')).toBe(false);
    expect(fences.allows(['000001.SZ', '600519.SH'], undefined)).toBe(false);
    expect(fences.allows(['000001.SZ', '600519.SH'], '0/20')).toBe(true);
    expect(fences.allows(['000001.SZ'], undefined)).toBe(true);
  });

  it('does not lower a fence when an event arrives late', () => {
    const fences = new Fences();
    fences.raise(['a'], '1/0');
    fences.raise(['a'], '0/FF');
    expect(fences.latest).toBe('1/0');
    expect(fences.allows(['a'], '0/FF')).toBe(false);
  });

  it("says whether an answer shows a client's own write", () => {
    const fences = new Fences();
    expect(fences.covers(undefined, undefined)).toBe(true);
    expect(fences.covers('0/5', undefined)).toBe(false);
    expect(fences.covers('0/5', '0/5')).toBe(true);
    expect(fences.covers('0/7', '0/6')).toBe(false);
  });

  it('does not take the event of a later write for the events of all earlier ones', () => {
    const fences = new Fences();
    fences.raise(['another'], '0/6');
    expect(fences.covers('0/5', '0/4')).toBe(false);
    expect(fences.covers('0/5', undefined)).toBe(false);
  });

  const tag = fc.integer({ min: 0, max: 12 }).map((number) => `tag-${number}`);
  const raises = fc.array(fc.tuple(fc.array(tag, { minLength: 1, maxLength: 4 }), fc.nat(2_000)), { maxLength: 60 });
  const question = fc.tuple(fc.array(tag, { maxLength: 4 }), fc.option(fc.nat(2_100), { nil: undefined }));

  it('never allows what the whole history forbids, whatever was evicted', () => {
    fc.assert(
      fc.property(raises, question, fc.integer({ min: 1, max: 20 }), (history, [tags, position], tagsMax) => {
        const fences = new Fences(tagsMax);
        for (const [touched, at] of history) fences.raise(touched, lsn(at));
        const after = position === undefined ? undefined : lsn(position);
        const forbidden = history.some(
          ([touched, at]) =>
            touched.some((one) => tags.includes(one)) && (after === undefined || compareLsn(lsn(at), after) > 0),
        );
        if (forbidden) expect(fences.allows(tags, after)).toBe(false);
        // Unbounded in effect: exactly the history.
        if (tagsMax > 12) expect(fences.allows(tags, after)).toBe(!forbidden);
      }),
    );
  });

  it('allows an answer requested after the newest write, whatever was evicted', () => {
    fc.assert(
      fc.property(raises, question, (history, [tags]) => {
        const fences = new Fences(3);
        for (const [touched, at] of history) fences.raise(touched, lsn(at));
        if (fences.latest !== undefined) expect(fences.allows(tags, fences.latest)).toBe(true);
      }),
    );
  });
});
