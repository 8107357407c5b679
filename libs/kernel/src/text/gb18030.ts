import { isAscii, isUtf8 } from 'node:buffer';
import { NOTHING, type TextStep } from './step.js';

const LF = 10;
/** A line that is longer is decoded in parts: its reader refuses it anyway. */
const LINE_MAX = 2 ** 20;
/** The share of characters that must be common for bytes to count as Chinese text. */
const COMMON_MIN = 0.65;

const decoder = new TextDecoder('gb18030', { ignoreBOM: true });

type Weight = 'common' | 'rare' | 'odd' | 'private';

/**
 * True when bytes that are no UTF-8 are most probably Chinese text in GB18030. Nearly every multi-byte text can be
 * decoded as GB18030, so what counts is which characters come out. Chinese names consist of the 3,755 most frequent
 * characters (GB 2312 level 1), seldom of the next 3,008 (level 2); bytes of Big5, Shift JIS and the Latin encodings
 * mostly fall into the rare extensions or the areas for private use.
 */
export function isChinese(bytes: Uint8Array): boolean {
  const counts: Record<Weight, number> = { common: 0, rare: 0, odd: 0, private: 0 };
  for (let at = 0; at < bytes.length;) {
    const length = lengthAt(bytes, at);
    if (length > 0) counts[weightOf(bytes[at] as number, bytes[at + 1] as number, length)] += 1;
    at += Math.max(length, 1);
  }
  const { common, rare, odd, private: unassigned } = counts;
  return common > 0 && common + rare / 2 - 2 * unassigned >= COMMON_MIN * (common + rare + odd + unassigned);
}

/** Bytes of the character at a place; 0 for ASCII. A broken character counts as one odd byte. */
function lengthAt(bytes: Uint8Array, at: number): number {
  if ((bytes[at] as number) < 0x80) return 0;
  const second = bytes[at + 1] ?? 0;
  if (isBetween(second, 0x30, 0x39))
    return isBetween(bytes[at + 2], 0x81, 0xfe) && isBetween(bytes[at + 3], 0x30, 0x39) ? 4 : 1;
  return second >= 0x40 && second !== 0x7f && second !== 0xff ? 2 : 1;
}

function weightOf(lead: number, trail: number, length: number): Weight {
  if (length === 1 || lead === 0x80 || lead === 0xff) return 'odd';
  // The structure of four bytes does not come about by chance.
  if (length === 4) return 'common';
  if (trail < 0xa1) return isBetween(lead, 0xa1, 0xa7) ? 'private' : 'odd';
  if (isBetween(lead, 0xb0, 0xd7) || isBetween(lead, 0xa1, 0xa3)) return 'common';
  if (isBetween(lead, 0xd8, 0xf7)) return 'rare';
  return isBetween(lead, 0xaa, 0xaf) || lead >= 0xf8 ? 'private' : 'odd';
}

const isBetween = (value: number | undefined, from: number, to: number): boolean =>
  value !== undefined && value >= from && value <= to;

/**
 * True for a line in UTF-8 that has characters of three bytes, as Chinese ones are. Words in GB18030 of which all bytes
 * are valid UTF-8 by chance read as characters of two bytes.
 */
export const isChineseUtf8 = (line: Buffer): boolean =>
  !isAscii(line) && isUtf8(line) && line.some((byte) => byte >= 0xe0);

/** Decodes GB18030 to UTF-8, whole lines at a time. What cannot be decoded becomes U+FFFD, which no reader stores. */
export function fromGb18030(): TextStep {
  let held: Buffer[] = [];
  let heldBytes = 0;
  return (bytes, last) => {
    const lineEnd = bytes.lastIndexOf(LF) + 1;
    const isTooLong = lineEnd === 0 && heldBytes + bytes.length > LINE_MAX;
    const end = last || isTooLong ? bytes.length : lineEnd;
    if (end === 0 && !last) {
      held.push(bytes);
      heldBytes += bytes.length;
      return NOTHING;
    }
    const lines = Buffer.concat([...held, bytes.subarray(0, end)]);
    held = [bytes.subarray(end)];
    heldBytes = bytes.length - end;
    return isAscii(lines) ? lines : Buffer.from(decodeLines(lines));
  };
}

/**
 * A line in UTF-8 inside a GB18030 file (two files put together) could be decoded too, to characters that no
 * source wrote: its bytes become U+FFFD instead.
 */
function decodeLines(lines: Buffer): string {
  let text = '';
  let decodedTo = 0;
  for (let from = 0; from < lines.length;) {
    const newline = lines.indexOf(LF, from);
    const to = newline < 0 ? lines.length : newline + 1;
    const line = lines.subarray(from, to);
    if (isChineseUtf8(line)) {
      text += decoder.decode(lines.subarray(decodedTo, from)) + withoutText(line);
      decodedTo = to;
    }
    from = to;
  }
  return text + decoder.decode(lines.subarray(decodedTo));
}

const withoutText = (line: Buffer): string => line.toString('latin1').replaceAll(/[\u0080-\u00ff]+/g, '\uFFFD');
