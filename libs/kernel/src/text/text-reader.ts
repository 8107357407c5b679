import type { Charset } from './charset.js';
import { fromGb18030 } from './gb18030.js';
import { lineEnds } from './line-ends.js';
import { recognised } from './recognised.js';
import { NOTHING, type TextStep } from './step.js';
import { HEAD_BYTES, openHead } from './text-head.js';

/**
 * Reads one stream of bytes as text: UTF-8 with line feeds (or CRLF, as it came) at the line ends, whatever the
 * encoding was. It was named, or is known by a byte order mark, or recognised. Plain UTF-8 is not copied.
 */
export class TextReader {
  #encoding: Charset | undefined;

  constructor(private readonly named?: Charset) {}

  /** The encoding, final when the stream has been read to its end. ASCII is UTF-8. */
  get encoding(): Charset {
    return this.#encoding ?? 'utf-8';
  }

  /**
   * The text, piece by piece. Bytes that are no text in the encoding come as U+FFFD or, in UTF-8, as they are.
   * @throws {UnreadableText} for what is no text at all
   */
  async *read(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let step: TextStep | undefined;
    let head = NOTHING;
    for await (const chunk of chunks) {
      let bytes = chunk;
      if (step === undefined) {
        head = Buffer.concat([head, chunk]);
        if (head.length < HEAD_BYTES) continue;
        [step, bytes] = this.#open(head);
      }
      const text = step(bytes, false);
      if (text.length > 0) yield text;
    }
    const [lastStep, bytes] = step === undefined ? this.#open(head) : [step, NOTHING];
    const text = lastStep(bytes, true);
    if (text.length > 0) yield text;
  }

  /** The way from bytes to text, and the first bytes without their byte order mark. */
  #open(head: Buffer): [TextStep, Buffer] {
    const { charset, markBytes } = openHead(head, this.named);
    this.#encoding = charset;
    const steps = this.#stepsOf(charset);
    return [(bytes, last) => steps.reduce((text, step) => step(text, last), bytes), head.subarray(markBytes)];
  }

  #stepsOf(charset: Charset | undefined): TextStep[] {
    if (charset === undefined) return [lineEnds(), recognised((seen) => (this.#encoding = seen))];
    if (charset === 'utf-8') return [lineEnds()];
    return charset === 'gb18030' ? [lineEnds(), fromGb18030()] : [fromUtf16(charset), lineEnds()];
  }
}

function fromUtf16(charset: 'utf-16le' | 'utf-16be'): TextStep {
  const decoder = new TextDecoder(charset, { ignoreBOM: true });
  return (bytes, last) => Buffer.from(decoder.decode(bytes, { stream: !last }));
}
