import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { blocksOf, type Block, type Pace } from './blocks.js';
import { withoutHeader } from './csv-header.js';

const pace: Pace = { blockMax: 64, linesMax: 5, idleMaxMs: 1_000, bytesPerSecondMin: 1, graceMs: 1_000 };

async function* sent(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield await Promise.resolve(chunk);
}

/** `text` in pieces that end at the given places. */
function pieces(text: string, cuts: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text);
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((to, index) => bytes.subarray(places[index], to));
}

async function all(blocks: AsyncIterable<Block>): Promise<Block[]> {
  const got: Block[] = [];
  for await (const block of blocks) got.push(block);
  return got;
}

const line = fc.string({ unit: 'grapheme', maxLength: 6 }).map((text) => text.replaceAll('\n', ''));
const lines = fc.array(line, { minLength: 1, maxLength: 40 });
const cuts = fc.array(fc.nat(5_000), { maxLength: 30 });

describe('blocks of a stream of lines', () => {
  const fits = (texts: readonly string[]): boolean => texts.every((text) => Buffer.byteLength(text) < pace.blockMax);

  it('blocks of a stream of lines hold the same bytes and count the same lines, however the stream was cut', async () => {
    await fc.assert(
      fc.asyncProperty(lines.filter(fits), cuts, async (texts, at) => {
        const text = `${texts.join('\n')}\n`;
        const blocks = await all(blocksOf(sent(pieces(text, at)), pace));
        expect(Buffer.concat(blocks.map(({ body }) => body)).toString()).toBe(text);
        let next = 1;
        expect(blocks.slice(0, -1).every(({ isLast }) => isLast === undefined)).toBe(true);
        for (const { body, firstLine, lines: count } of blocks) {
          expect(body.length).toBeLessThanOrEqual(pace.blockMax);
          expect(count).toBeLessThanOrEqual(pace.linesMax);
          expect(body.at(-1)).toBe(0x0a);
          expect(firstLine).toBe(next);
          next += count;
        }
        expect(next - 1).toBe(texts.length);
      }),
    );
  });

  it('blocks of a stream of lines lose the header and nothing else, with the line numbers of the file', async () => {
    await fc.assert(
      fc.asyncProperty(lines.filter(fits), cuts, async (texts, at) => {
        const stream = pieces(`\uFEFFa,b\r\n${texts.join('\n')}\n`, at);
        const { header, blocks } = await withoutHeader(blocksOf(sent(stream), pace));
        const rest = await all(blocks);
        expect(header).toBe('a,b');
        expect(Buffer.concat(rest.map(({ body }) => body)).toString()).toBe(`${texts.join('\n')}\n`);
        expect(rest[0]?.firstLine).toBe(2);
        if (stream.reduce((sum, piece) => sum + piece.length, 0) < pace.blockMax)
          expect(rest.at(-1)?.isLast).toBe(true);
      }),
    );
  });

  it('blocks of a stream of lines lose the title of an export of TDX too, which stands in a line of its own above the names', async () => {
    const title = '600000 浦发银行 日线 不复权';
    const names = '      日期\t    开盘\t    收盘';
    const stream = sent([Buffer.from(`${title}\r\n${names}\r\n2020/01/02\t1\t2\r\n`)]);
    const { header, firstLine, blocks } = await withoutHeader(blocksOf(stream, { ...pace, blockMax: 10_000 }));
    expect({ header, firstLine }).toEqual({ header: `${title}\n${names}`, firstLine: 3 });
    expect(await all(blocks)).toMatchObject([{ firstLine: 3, lines: 1 }]);
  });

  it('blocks of a stream of lines keep a quoted name of the header with its comma', async () => {
    const { header } = await withoutHeader(blocksOf(sent([Buffer.from('a,"b, c"\n1,2\n')]), pace));
    expect(header).toBe('a,"b, c"');
  });

  it.each([
    ['The first line is empty; it must name the columns', '\nsymbol,date\n'],
    ['The first line is empty; it must name the columns', '\r\n'],
    ['The header has tabs; the columns of a CSV stand between commas', 'symbol\tdate\n'],
    ['The header has control characters', 'symbol\u0007\n'],
    ['A quoted name of the header is not closed in its line', 'symbol,"amount\n(CNY)",date\n'],
    ['The header has semicolons; the columns of a CSV stand between commas', 'symbol;date;open\n'],
    ['The header has more than 4,000 characters', `${'x'.repeat(4_001)}\n`],
  ])(
    'blocks of a stream of lines say what is wrong with a first line that can be no header: %s',
    async (message, text) => {
      const blocks = blocksOf(sent([Buffer.from(text)]), { ...pace, blockMax: 10_000 });
      await expect(withoutHeader(blocks)).rejects.toMatchObject({ code: 'invalid', message });
    },
  );

  it('blocks of a stream of lines count a last line without an end', async () => {
    expect(await all(blocksOf(sent([Buffer.from('a\nb')]), pace))).toMatchObject([{ firstLine: 1, lines: 2 }]);
  });

  it('blocks of a stream of lines are none for an empty stream', async () => {
    expect(await all(blocksOf(sent([]), pace))).toEqual([]);
  });

  it('blocks of a stream of lines cannot hold a line longer than a block, and the failure says which', async () => {
    const stream = sent([Buffer.from(`a\n${'x'.repeat(200)}\n`)]);
    await expect(all(blocksOf(stream, pace))).rejects.toMatchObject({
      code: 'too_large',
      message: expect.stringContaining('Line 2'),
    });
  });
});

describe('a slow stream', () => {
  it('a slow stream is given up when nothing comes', async () => {
    async function* silent(): AsyncGenerator<Buffer> {
      yield Buffer.from('a\n');
      await new Promise(() => undefined);
    }
    await expect(all(blocksOf(silent(), { ...pace, idleMaxMs: 20 }))).rejects.toMatchObject({ code: 'timeout' });
  });

  it('a slow stream is given up when it drips', async () => {
    async function* dripping(): AsyncGenerator<Buffer> {
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        yield Buffer.from('a');
      }
    }
    const demanding = { ...pace, blockMax: 100_000, bytesPerSecondMin: 1_000_000, graceMs: 20 };
    await expect(all(blocksOf(dripping(), demanding))).rejects.toMatchObject({ code: 'timeout' });
  });

  it('a slow stream that breaks off is the fault of the sender', async () => {
    async function* broken(): AsyncGenerator<Buffer> {
      yield await Promise.resolve(Buffer.from('a\n'));
      throw new Error('aborted');
    }
    await expect(all(blocksOf(broken(), pace))).rejects.toMatchObject({ code: 'invalid' });
  });
});
