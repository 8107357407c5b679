import { describe, expect, it } from '@jest/globals';
import { readAnswer } from './tdengine-answer.js';
import { BrokenAnswer, TdengineError } from './tdengine-errors.js';

const answer = (meta: string, data: string, rows = 1): string =>
  `{"code":0,"column_meta":[${meta}],"data":[${data}],"rows":${String(rows)}}`;

describe('readAnswer', () => {
  it('reads each column type as its JavaScript type', () => {
    const meta = `["ts","TIMESTAMP",8],["close","DOUBLE",8],["price","DECIMAL(18,4)",8],["volume","BIGINT",8],["n","INT",4],["on","BOOL",1],["symbol","VARCHAR",16]`;
    const row = `["2026-01-05T00:00:00.123Z",1410.5,"1410.5000",7,3,true,"600519"]`;
    expect(readAnswer(answer(meta, row))).toEqual({
      columns: ['ts', 'close', 'price', 'volume', 'n', 'on', 'symbol'],
      rows: [[Date.UTC(2026, 0, 5, 0, 0, 0, 123), 1410.5, '1410.5000', 7n, 3, true, '600519']],
      affected: null,
    });
  });

  it('reads null, and a timestamp with an offset', () => {
    const meta = `["ts","TIMESTAMP",8],["v","BIGINT",8]`;
    expect(readAnswer(answer(meta, `["1970-01-01T08:00:01.500+08:00",null]`)).rows).toEqual([[1_500, null]]);
  });

  it.each(['9007199254740993', '9223372036854775807', '-9223372036854775808', '9007199254740992', '0'])(
    'reads the BIGINT %s to the last digit',
    (digits) => {
      const meta = `["v","BIGINT",8],["d","DOUBLE",8]`;
      expect(readAnswer(answer(meta, `[${digits},1e300]`)).rows).toEqual([[BigInt(digits), 1e300]]);
    },
  );

  it('distinguishes rows written from rows returned', () => {
    expect(readAnswer(answer(`["affected_rows","INT",4]`, '[3]'))).toEqual({ columns: [], rows: [], affected: 3 });
    expect(readAnswer(answer(`["count(*)","BIGINT",8]`, '[3]')).affected).toBeNull();
    expect(readAnswer(answer(`["ts","TIMESTAMP",8]`, '', 0))).toEqual({ columns: ['ts'], rows: [], affected: null });
  });

  it('rejects a code other than 0 with an error that holds the code', () => {
    const failed = (): unknown => readAnswer('{"code":9728,"desc":"syntax error near \\"x\\"","timing":1}');
    expect(failed).toThrow(TdengineError);
    expect(failed).toThrow('TDengine 0x2600: syntax error near "x"');
  });

  it.each([
    ['nothing', ''],
    ['half a document', answer('["v","INT",4]', '[1]').slice(0, -10)],
    ['a bare string', '"memory exceeds threshold"'],
    ['null', 'null'],
    ['no code', '{"desc":"fine"}'],
    ['fewer rows than it counts', answer('["v","INT",4]', '[1]', 2)],
    ['a row without its columns', answer('["v","INT",4],["w","INT",4]', '[1]')],
    ['a column without a type', answer('["v"]', '[1]')],
    ['text for a BIGINT', answer('["v","BIGINT",8]', '["1"]')],
    ['a fraction for a BIGINT', answer('["v","BIGINT",8]', '[1.5]')],
    ['an object for a value', answer('["v","INT",4]', '[{}]')],
    ['microseconds where milliseconds are stored', answer('["ts","TIMESTAMP",8]', '["2026-01-05T00:00:00.123456Z"]')],
    ['a time that is none', answer('["ts","TIMESTAMP",8]', '["2026-13-05T00:00:00.000Z"]')],
  ])('refuses the answer %s', (_, body) => {
    expect(() => readAnswer(body)).toThrow(BrokenAnswer);
  });
});
