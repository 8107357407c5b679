import { qualities } from '@mystocks/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { answerOfMarketData } from './answer-of-json.js';

const rest = { tags: [], ttl_ms: 1, built_at_ms: 1 };

describe('market data as an answer', () => {
  it('says where in its bytes the JSON of its quality lies, whatever stands before it', () => {
    const quality = fc.option(fc.constantFrom(...qualities), { nil: undefined });
    const text = fc.string({ unit: 'grapheme', maxLength: 200 });
    fc.assert(
      fc.property(text, quality, fc.option(text, { nil: undefined }), (name, word, asOf) => {
        const members = `"name":${JSON.stringify(name)},"quality":"贵州茅台 \u{1f4c8}"`;
        const facts = { timeframe: '1Day', adjustment: 'raw' };
        const answer = answerOfMarketData({ members, facts, quality: word, asOf }, rest);
        const label = JSON.stringify(word ?? null);
        const at = answer.quality_at ?? 0;
        expect(answer.body.subarray(at, at + label.length).toString()).toBe(label);
        const spliced = Buffer.concat([
          answer.body.subarray(0, at),
          Buffer.from('"stale"'),
          answer.body.subarray(at + label.length),
        ]);
        const read = (body: Buffer): { meta: object } => JSON.parse(body.toString()) as { meta: object };
        const whole = read(answer.body);
        expect(whole.meta).toEqual({
          ...{
            ...facts,
            currency: 'CNY',
            source: 'stored',
            quality: word ?? null,
            as_of: asOf ?? null,
          },
        });
        expect(read(spliced)).toEqual({ ...whole, meta: { ...whole.meta, quality: 'stale' } });
      }),
    );
  });
});
