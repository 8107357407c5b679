import { describe, expect, it } from '@jest/globals';
import type { IngestRequest } from '@mystocks/contracts';
import fc from 'fast-check';
import { readInstruments, type InstrumentLine } from './instrument-lines.js';

const base = { first_line: 2, on_error: 'continue', want_items: false } as const;
const csv = (header: string, body: Buffer): InstrumentLine[] =>
  readInstruments({ ...base, format: 'csv', header, body } satisfies IngestRequest, new Map()).lines;
const json = (body: string | Buffer): InstrumentLine[] =>
  readInstruments({ ...base, format: 'ndjson', body: Buffer.from(body) } satisfies IngestRequest, new Map()).lines;
const damaged = Buffer.from([0xe6, 0xb5, 0x2c]);

describe('text of an instruments list that cannot be decoded', () => {
  it.each(['name', 'area', 'industry'])('refuses the line when it stands in %s', (field) => {
    const header = `symbol,${field},${field === 'name' ? 'area' : 'name'}`;
    const [bad, good] = csv(
      header,
      Buffer.concat([Buffer.from('600000.SH,'), damaged, Buffer.from('x\n600036.SH,y,z\n')]),
    );
    expect(bad?.refusal).toMatchObject({ status: 400, message: expect.stringMatching(`^${field} is damaged`) });
    expect(good?.instrument).toBeDefined();
  });

  it('does no harm in a column that is not read', () => {
    const body = Buffer.concat([Buffer.from('600000.SH,'), damaged, Buffer.from('浦发银行\n')]);
    expect(csv('symbol,remark,name', body)[0]?.instrument?.name).toBe('浦发银行');
  });

  it('text of an instruments list that cannot be decoded is refused too when U+FFFD came in the file or in half a surrogate pair', () => {
    expect(csv('symbol,name', Buffer.from('600000.SH,浦发\uFFFD行\n'))[0]?.refusal?.message).toContain(
      'name is damaged',
    );
    for (const name of [String.raw`浦\ufffd`, String.raw`浦\ud83d`])
      expect(json(`{"symbol":"600000.SH","name":"${name}"}\n`)[0]?.refusal?.message).toContain('name is damaged');
    const line = Buffer.concat([Buffer.from('{"symbol":"600000.SH","name":"'), damaged, Buffer.from('"}\n')]);
    expect(json(line)[0]?.refusal?.message).toContain('The line is damaged');
  });

  it('text of an instruments list that cannot be decoded is shown as ? in a report, also where it is half a surrogate pair', () => {
    const half = String.raw`\ud83d`;
    expect(json(`{"symbol":"600${half}","name":"x"}\n`)[0]?.id).toBe('600?');
    expect(json(`{"${half}":1}\n`)[0]?.refusal?.message).toBe('? is no field of a line');
    const long = `{"symbol":"${'x'.repeat(119)}😀","name":"y"}\n`;
    expect(json(long)[0]?.id).toBe(`${'x'.repeat(119)}?`);
  });

  it('comes into no stored value and no report, whatever the bytes are', () => {
    const bytes = fc.uint8Array({ maxLength: 12 }).map((given) => Buffer.from(given.filter((byte) => byte !== 0x22)));
    fc.assert(
      fc.property(fc.array(bytes, { minLength: 2, maxLength: 2 }), ([symbol = damaged, name = damaged]) => {
        const body = Buffer.concat([symbol, Buffer.from(',600000.SH,'), name, Buffer.from('\n')]);
        for (const lines of [
          csv('code,symbol,name', body),
          json(Buffer.from(JSON.stringify({ [String(symbol)]: 1, name: String(name) }))),
        ])
          expect(JSON.stringify(lines)).not.toContain('\uFFFD');
      }),
    );
  });
});
