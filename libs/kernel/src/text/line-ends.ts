import type { TextStep } from './step.js';

const [LF, CR] = [10, 13];
/** Carriage returns that are held back at the end of a piece, at most: the line end that they belong to may go on. */
const HELD_MAX = 1_024;

/**
 * Makes a line feed of every carriage return that stands alone (old Excel for Mac) and of several before a line feed
 * (Python on Windows), so that the lines are those that an editor shows. LF and CRLF are passed on as they came.
 */
export function lineEnds(): TextStep {
  let held = 0;
  return (bytes, last) => {
    const all = held === 0 ? bytes : Buffer.concat([Buffer.alloc(held, CR), bytes]);
    held = last ? 0 : carriageReturnsAtEnd(all);
    const text = all.subarray(0, all.length - held);
    return isPlain(text) ? text : Buffer.from(text.toString('latin1').replaceAll(/\r\r+\n|\r(?!\n)/g, '\n'), 'latin1');
  };
}

function carriageReturnsAtEnd(bytes: Buffer): number {
  let count = 0;
  while (count < HELD_MAX && bytes.at(-1 - count) === CR) count += 1;
  return count;
}

/** True when a line feed follows each carriage return. */
function isPlain(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(CR); at >= 0; at = bytes.indexOf(CR, at + 2)) if (bytes[at + 1] !== LF) return false;
  return true;
}
