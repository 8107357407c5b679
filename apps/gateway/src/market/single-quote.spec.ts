import type { Answer } from '@mystocks/contracts';
import { describe, expect, it } from '@jest/globals';
import { singleQuote } from './single-quote.js';

const answer = (quotes: string, label: string): Answer => {
  const head = `{"quotes":{${quotes}},"meta":{"currency":"CNY","source":"stored","quality":`;
  const body = Buffer.from(`${head}${label},"as_of":"2024-06-14T10:00:00.000+08:00"}}`);
  return { body, etag: '"e"', tags: [], ttl_ms: 1, built_at_ms: 1, quality_at: Buffer.byteLength(head) };
};

describe('the quote of one symbol', () => {
  it.each(['"live"', '"simulated"'])('says where its quality lies: %s', (label) => {
    const one = singleQuote(answer('"600519.SH":{"name":"贵州茅台","last":1500.01}', label));
    expect(JSON.parse(one.body.toString())).toMatchObject({ symbol: '600519.SH', quote: { last: 1500.01 } });
    expect(one.body.subarray(one.quality_at, (one.quality_at ?? 0) + label.length).toString()).toBe(label);
  });

  it('the quote of one symbol is not found where nothing is known', () => {
    expect(() => singleQuote(answer('', 'null'))).toThrow(expect.objectContaining({ code: 'not_found' }));
  });
});
