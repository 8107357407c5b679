import { describe, expect, it } from '@jest/globals';
import { gb18030Bytes } from '@mystocks/testing';
import fc from 'fast-check';
import { charsetOf, type Charset } from './charset.js';
import { TextReader } from './text-reader.js';

async function* sent(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Buffer> {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (const [index, to] of places.slice(1).entries()) yield await Promise.resolve(bytes.subarray(places[index], to));
}

interface Read {
  readonly bytes: Buffer;
  readonly text: string;
  readonly encoding: string;
}

async function read(given: Buffer | string, cuts: readonly number[] = [], named?: Charset): Promise<Read> {
  const reader = new TextReader(named);
  const parts: Buffer[] = [];
  for await (const part of reader.read(sent(Buffer.from(given), cuts))) parts.push(part);
  const bytes = Buffer.concat(parts);
  return { bytes, text: bytes.toString(), encoding: reader.encoding };
}

function utf16(text: string, charset: 'utf-16le' | 'utf-16be'): Buffer {
  const bytes = Buffer.from(`\uFEFF${text}`, 'utf16le');
  return charset === 'utf-16le' ? bytes : bytes.swap16();
}

const cuts = fc.array(fc.nat(200_000), { maxLength: 20 });
/** Characters of Chinese names: mostly frequent ones, some that take four bytes in GB18030. */
const character = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom(...'浦发银行万科平安贵州茅台中国石油招商局宁德时代股份有限公司') },
  { weight: 3, arbitrary: fc.constantFrom(...'Ａ、（）鑫麒麟䶮𠮷㐀') },
  { weight: 1, arbitrary: fc.integer({ min: 0x20000, max: 0x2a6d6 }).map((point) => String.fromCodePoint(point)) },
);
const name = fc.string({ unit: character, minLength: 1, maxLength: 8 });
const ascii = fc.string({ unit: fc.constantFrom(...'0123456789,.SZE-"'), maxLength: 30 });
const lines = fc.array(fc.tuple(ascii, name), { minLength: 1, maxLength: 30 });
const textOf = (pairs: readonly (readonly [string, string])[]): string =>
  `code,name\n股票代码,浦发银行贵州茅台\n${pairs.map((pair) => pair.join(',')).join('\n')}\n`;

describe('the text of a stream', () => {
  it('the text of a stream is the same whether it comes in UTF-8, GB18030 or UTF-16, however the stream is cut', async () => {
    await fc.assert(
      fc.asyncProperty(lines, cuts, async (pairs, at) => {
        const text = textOf(pairs);
        expect(await read(text, at)).toMatchObject({ text, encoding: 'utf-8' });
        expect(await read(`\uFEFF${text}`, at)).toMatchObject({ text, encoding: 'utf-8' });
        expect(await read(gb18030Bytes(text), at)).toMatchObject({ text, encoding: 'gb18030' });
        expect(await read(gb18030Bytes(text), at, 'gb18030')).toMatchObject({ text, encoding: 'gb18030' });
        for (const charset of ['utf-16le', 'utf-16be'] as const)
          expect(await read(utf16(text, charset), at)).toMatchObject({ text, encoding: charset });
      }),
      { numRuns: 60 },
    );
  });

  it('the text of a stream is decided right when the first character that is not ASCII comes late', async () => {
    const head = 'code,exchange,name\n600000,SSE,SPDB\n'.repeat(60_000);
    const tail = '600000,SSE,浦发银行\n';
    const decoded = await read(Buffer.concat([Buffer.from(head), gb18030Bytes(tail)]), [1_000_000, 2_040_001]);
    expect([decoded.text === `${head}${tail}`, decoded.encoding]).toEqual([true, 'gb18030']);
    expect((await read(`${head}${tail}`, [1_000_000])).encoding).toBe('utf-8');
  });

  it('the text of a stream is GB18030 too when its first characters could be UTF-8 by chance', async () => {
    // These bytes are valid UTF-8 as well: they would be read as two Cyrillic letters.
    const text = `1,一\n${'2,浦发银行\n'.repeat(20)}`;
    expect(await read(gb18030Bytes(text), [3, 4, 5])).toMatchObject({ text, encoding: 'gb18030' });
  });

  it.each(['鲁泰A', 'ST路通', '洽洽食品', '希荻微'])(
    'the text of a stream is GB18030 when all of it, %s, could be UTF-8 by chance',
    async (word) => {
      const text = `symbol,name\n000726.SZ,${word}\n`;
      expect(await read(gb18030Bytes(text))).toMatchObject({ text, encoding: 'gb18030' });
      expect(await read(gb18030Bytes(text), [], 'utf-8')).toMatchObject({ encoding: 'utf-8' });
    },
  );

  it.each(['Société Générale', 'Банк', 'Größe', '中国', '海山', '€', 'Ünal Çağ', 'ñ', 'سلام'])(
    'the text of a stream is UTF-8 when %s is, also where its bytes are valid in GB18030',
    async (word) => {
      expect(await read(`name\n${word}\n`)).toMatchObject({ text: `name\n${word}\n`, encoding: 'utf-8' });
    },
  );

  it('decodes every character of GB18030, the euro sign and those of four bytes included', async () => {
    const text = `${'浦发银行'.repeat(40)}€ḿ䶮龘㐀𠀀𪛖鿿\n`;
    expect(await read(gb18030Bytes(text))).toMatchObject({ text, encoding: 'gb18030' });
  });

  it.each([
    ['Big5', 'a578bf6eb9712cc245aefc2cc170b56facec2ca4a4b5d8b9712caaf8ba61'],
    ['Shift JIS', '83678388835e8ea993ae8ed42c9443935693b02c93fa967b9364904d93649862'],
    ['windows-1252', '4772f6df652c4dfc6e6368656e65722052fc636b2c4372e964697420e9'],
    ['windows-1251', 'c3e0e7eff0eeec2cd1e1e5f0e1e0edea2ccbf3eaeee9eb'],
  ])(
    'the text of a stream is not taken for GB18030 when it is %s: its bytes are passed on as they came',
    async (_charset, hex) => {
      const bytes = Buffer.concat([Buffer.from('code,name\n1,'), Buffer.from(hex, 'hex'), Buffer.of(10)]);
      expect(await read(bytes)).toMatchObject({ bytes, encoding: 'utf-8' });
    },
  );

  it('keeps a damaged byte of a UTF-8 file where it is', async () => {
    const bytes = Buffer.concat([Buffer.from('1,浦发银行\n2,'), Buffer.of(0xe6, 0xb5), Buffer.from('\n3,万科\n')]);
    expect(await read(bytes, [4, 20])).toMatchObject({ bytes, encoding: 'utf-8' });
    const alone = Buffer.from('31ff2c320a', 'hex');
    expect(await read(alone)).toMatchObject({ bytes: alone, encoding: 'utf-8' });
  });

  it('the text of a stream has U+FFFD where a GB18030 file is damaged or goes on in UTF-8, and nothing else is lost', async () => {
    const good = gb18030Bytes('1,浦发银行\n'.repeat(5));
    const cut = Buffer.concat([Buffer.from('2,'), Buffer.of(0xd0), Buffer.from(',x\n')]);
    const bytes = Buffer.concat([good, cut, Buffer.from('3,中国银行,y\n4,海山,z\n')]);
    expect(await read(bytes, [7, 50])).toMatchObject({
      text: `${'1,浦发银行\n'.repeat(5)}2,\uFFFD,x\n3,\uFFFD,y\n4,\uFFFD,z\n`,
      encoding: 'gb18030',
    });
  });

  it('the text of a stream is not cut inside a character of GB18030 where the pieces are large', async () => {
    const large = fc.tuple(ascii, name).map(([start, word]) => `${`${start},${word}\n`.repeat(30_000)}1,${word}`);
    const at = fc.array(fc.nat(4_000_000), { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fc.array(large, { minLength: 3, maxLength: 6 }), at, async (parts, places) => {
        const text = `code,name\n${parts.join('')}\n`;
        const decoded = await read(gb18030Bytes(text), places, 'gb18030');
        expect(decoded.text === text).toBe(true);
      }),
      { numRuns: 3, endOnFailure: true },
    );
  });

  it('cuts only a line of GB18030 that is longer than a MiB on its own', async () => {
    const line = `1,${'浦'.repeat(520_000)}\n`;
    const text = line.repeat(4);
    const at = [1, 2, 3, 1_040_001, 2_080_010, 3_120_001, 3_500_000];
    const decoded = await read(gb18030Bytes(text), at, 'gb18030');
    expect(decoded.text === text).toBe(true);
  });

  it('never comes to other bytes when the stream is cut elsewhere', async () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).filter((bytes) => !bytes.includes(0)),
      name.map((text) => new Uint8Array(gb18030Bytes(text))),
      fc.constantFrom('\r', '\n', '\r\n', '\r\r\n', ',', '浦发').map((text) => new TextEncoder().encode(text)),
    );
    const bytes = fc
      .array(piece, { maxLength: 60 })
      .map((pieces) => Buffer.concat([Buffer.from('code,name\n'), ...pieces]));
    await fc.assert(
      fc.asyncProperty(bytes, cuts, async (given, at) => {
        expect(await read(given, at)).toEqual(await read(given));
      }),
      { numRuns: 200 },
    );
  });
});

describe('line ends', () => {
  it.each([
    ['CR alone', 'a,b\r1,2\r', 'a,b\n1,2\n'],
    ['CRCRLF', 'a,b\r\r\n1,2\r\r\n', 'a,b\n1,2\n'],
    ['LF', 'a\n\nb\n', 'a\n\nb\n'],
    ['CRLF, left as it is', 'a\r\n\r\nb\r\n', 'a\r\n\r\nb\r\n'],
    ['a mixture', 'a\rb\nc\r\nd\r\r\r\ne\r\rf', 'a\nb\nc\r\nd\ne\n\nf'],
  ])('line ends are read as an editor shows them: %s', async (_what, given, text) => {
    for (let cut = 0; cut <= given.length; cut += 1) expect((await read(given, [cut])).text).toBe(text);
    expect((await read(utf16(given, 'utf-16be'), [5])).text).toBe(text);
  });
});

describe('what is no text', () => {
  it.each([
    ['an Excel workbook', Buffer.from('PK\u0003\u0004 [Content_Types].xml'), 'Excel workbook (.xlsx)'],
    ['an old Excel workbook', Buffer.from('d0cf11e0a1b11ae10000', 'hex'), 'Excel workbook (.xls)'],
    ['a Parquet file', Buffer.from('PAR1\u0015\u0004'), 'Parquet'],
    ['packed text', Buffer.from('1f8b0800', 'hex'), 'gzip'],
    ['UTF-16 without a byte order mark', Buffer.from('code,name\n', 'utf16le'), 'charset=utf-16le'],
    ['UTF-32', Buffer.from('fffe000063000000', 'hex'), 'UTF-32'],
  ])('what is no text is refused by its name: %s', async (_what, bytes, words) => {
    await expect(read(bytes, [1])).rejects.toThrow(words);
  });

  it('includes text whose byte order mark contradicts its name', async () => {
    await expect(read('\uFEFFcode', [], 'gb18030')).rejects.toThrow('byte order mark of utf-8, but is named gb18030');
    expect((await read(utf16('code', 'utf-16be'), [], 'utf-16le')).text).toBe('code');
  });

  it('does not include an empty stream', async () => {
    expect(await read('')).toMatchObject({ text: '', encoding: 'utf-8' });
  });
});

describe('names of encodings', () => {
  it.each([
    ['UTF-8', 'utf-8'],
    ['GBK', 'gb18030'],
    ['gb2312', 'gb18030'],
    ['UTF-16', 'utf-16le'],
    ['big5', undefined],
    ['constructor', undefined],
  ])('%s is read as %s', (given, charset) => {
    expect(charsetOf(given)).toBe(charset);
  });
});
