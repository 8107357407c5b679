import { isAscii, isUtf8 } from 'node:buffer';
import type { Charset } from './charset.js';
import { fromGb18030, isChinese, isChineseUtf8 } from './gb18030.js';
import { NOTHING, type TextStep } from './step.js';

const LF = 10;
/** Bytes from the first one that is not ASCII on that are looked at. The same for every way a stream may be cut. */
const SAMPLE_BYTES = 65_536;

/**
 * Passes ASCII on until the first other byte comes, then decides from a sample whether the text is UTF-8 or GB18030.
 * Text that is neither is passed on as UTF-8: its reader refuses the lines whose values it cannot read, and a damaged
 * value of a column that is not used does no harm.
 */
export function recognised(decided: (charset: Charset) => void): TextStep {
  let step: TextStep | undefined;
  let held = NOTHING;
  let from = -1;
  return (bytes, last) => {
    if (step !== undefined) return step(bytes, last);
    if (held.length === 0 && isAscii(bytes)) return bytes;
    held = Buffer.concat([held, bytes]);
    if (from < 0) from = held.findIndex((byte) => byte > 0x7f);
    if (!last && held.length < from + SAMPLE_BYTES) return NOTHING;
    const charset = charsetIn(held.subarray(from, from + SAMPLE_BYTES));
    decided(charset);
    step = charset === 'gb18030' ? fromGb18030() : (text) => text;
    const text = step(held, last);
    held = NOTHING;
    return text;
  };
}

/** Two or more Chinese characters of GB 2312 that are two-byte characters of UTF-8 as well. */
const WORD = /^(?:[\u00b0-\u00df][\u00a1-\u00fe]){2,}$/;

/**
 * Short Chinese text in GB18030 may be valid UTF-8 by chance: the name of one in 300 listed companies is (鲁泰). In UTF-8
 * it would be a row of letters with accents or of another script, of which none stands alone. Chinese in UTF-8 takes
 * three bytes a character, and accents stand between plain letters.
 */
function isChineseByChance(lines: Buffer): boolean {
  for (const [word] of lines.toString('latin1').matchAll(/[\u0080-\u00ff]+/g)) if (!WORD.test(word)) return false;
  return isChinese(lines);
}

function charsetIn(sample: Buffer): 'utf-8' | 'gb18030' {
  // The sample may end within a character; a line does not.
  const end = sample.length < SAMPLE_BYTES ? -1 : sample.lastIndexOf(LF);
  const lines = end < 0 ? sample : sample.subarray(0, end + 1);
  if (isUtf8(lines)) return isChineseByChance(lines) ? 'gb18030' : 'utf-8';
  const others: Buffer[] = [];
  let utf8Lines = 0;
  for (let from = 0; from < lines.length;) {
    const newline = lines.indexOf(LF, from);
    const to = newline < 0 ? lines.length : newline + 1;
    const line = lines.subarray(from, to);
    if (!isUtf8(line)) others.push(line);
    else if (isChineseUtf8(line)) utf8Lines += 1;
    from = to;
  }
  return utf8Lines < others.length && isChinese(Buffer.concat(others)) ? 'gb18030' : 'utf-8';
}
