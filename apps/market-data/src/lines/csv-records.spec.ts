import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CsvRecords } from './csv-records.js';

function read(text: string): { line: number; values: string[]; closed: boolean }[] {
  const records = new CsvRecords(Buffer.from(text), 1);
  const read = [];
  while (records.next()) {
    const values = Array.from({ length: records.count }, (_, column) =>
      Buffer.from(records.bytes).toString('utf8', records.starts[column], records.ends[column]),
    );
    read.push({ line: records.line, values, closed: records.closed });
  }
  return read;
}

const quote = (value: string): string => `"${value.replaceAll('"', '""')}"`;

describe('CSV records', () => {
  it('reads back whatever was written, quoted where it must be, with either line end', () => {
    const value = fc.string({ maxLength: 12, unit: fc.constantFrom('a', '7', '.', ',', '"', '\n', '中', ' ') });
    const row = fc.array(value, { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        (rows, crlf, all, ended) => {
          const end = crlf ? '\r\n' : '\n';
          const write = (one: string): string => (all || /[",\n]/.test(one) ? quote(one) : one);
          const text = rows.map((values) => values.map(write).join(',')).join(end) + (ended ? end : '');
          expect(read(text).map(({ values }) => values)).toEqual(rows);
        },
      ),
    );
  });

  it('counts lines, empty ones and those inside quotes too', () => {
    const text = 'a,b\n\n"c\nc",d\r\n\r\ne,f';
    expect(read(text).map(({ line, values }) => [line, values])).toEqual([
      [1, ['a', 'b']],
      [3, ['c\nc', 'd']],
      [6, ['e', 'f']],
    ]);
  });

  it('takes a byte order mark for no value', () => {
    expect(read('\uFEFFa,b')[0]?.values).toEqual(['a', 'b']);
  });

  it('says that a quote was never closed', () => {
    expect(read('a,"b\nc,d')).toEqual([expect.objectContaining({ line: 1, closed: false })]);
  });

  it.each(['"12"34,x', '"12" ,x', 'x,"12"34\r\n', 'x,"12""'])('takes %j for no whole value', (line) => {
    expect(read(line)).toEqual([expect.objectContaining({ closed: false })]);
  });

  it('leaves the bytes it was given alone', () => {
    const given = Buffer.from('"a""b",c\n');
    const before = Buffer.from(given);
    const records = new CsvRecords(given, 1);
    while (records.next());
    expect(given).toEqual(before);
  });

  it('bears any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const records = new CsvRecords(bytes, 1);
        let count = 0;
        while (records.next()) count += 1;
        expect(count).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });
});
