import { Failure } from '@mystocks/contracts';

/** A JSON document as it was sent, and its value. */
export class JsonBody {
  constructor(
    readonly value: unknown,
    readonly text: string,
  ) {}
}

const DEPTH_MAX = 32;
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads a JSON body strictly: UTF-8, no key twice (which of the two counts depends on the reader), no key that could
 * reach a prototype, at most 32 levels.
 * @throws {Failure} `invalid`
 */
export function readJson(bytes: Uint8Array): JsonBody {
  const text = utf8Text(bytes);
  const value = parse(text);
  scan(text);
  return new JsonBody(value, text);
}

/** The elements of the array `name` of the outermost object, each as it was written, one line each. */
export function elementsOf(body: JsonBody, name: string): string[] {
  return scan(body.text, name).map(([from, to]) => body.text.slice(from, to).replaceAll(/[\r\n]+/g, ' '));
}

/** A whole body as text. @throws {Failure} `invalid` when it is not UTF-8 */
export function utf8Text(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw new Failure('invalid', 'The body is not UTF-8', { cause: error });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Failure('invalid', 'The body is not JSON', { cause: error });
  }
}

interface Frame {
  /** Keys seen, in an object; nothing in an array. */
  readonly keys: Set<string> | undefined;
  /** This array is the one whose elements are wanted. */
  readonly wanted: boolean;
  expectsKey: boolean;
  elementFrom: number;
}

/** Walks text that is known to be JSON; answers where the elements of the wanted array begin and end. */
function scan(text: string, wanted?: string): [number, number][] {
  const spans: [number, number][] = [];
  const stack: Frame[] = [];
  let lastKey: string | undefined;
  const closeElement = (frame: Frame, at: number): void => {
    if (frame.wanted && text.slice(frame.elementFrom, at).trim() !== '') spans.push([frame.elementFrom, at]);
    frame.elementFrom = at + 1;
  };
  for (let at = 0; at < text.length; at += 1) {
    const frame = stack.at(-1);
    switch (text.charAt(at)) {
      case '"': {
        const end = endOfString(text, at);
        if (frame?.expectsKey === true) lastKey = noteKey(frame, text.slice(at, end + 1));
        at = end;
        break;
      }
      case '{':
      case '[': {
        if (stack.length >= DEPTH_MAX) throw new Failure('invalid', `The body has more than ${DEPTH_MAX} levels`);
        const object = text[at] === '{';
        const isWanted = !object && stack.length === 1 && frame?.keys !== undefined && lastKey === wanted;
        stack.push({ keys: object ? new Set() : undefined, wanted: isWanted, expectsKey: object, elementFrom: at + 1 });
        break;
      }
      case '}':
      case ']':
        if (frame !== undefined) closeElement(frame, at);
        stack.pop();
        break;
      case ',':
        if (frame !== undefined) {
          frame.expectsKey = frame.keys !== undefined;
          closeElement(frame, at);
        }
        break;
    }
  }
  return spans;
}

function noteKey(frame: Frame, quoted: string): string {
  const key = JSON.parse(quoted) as string;
  frame.expectsKey = false;
  if (FORBIDDEN_KEYS.has(key)) throw new Failure('invalid', `The body has the forbidden key ${key}`);
  if (frame.keys?.has(key) === true) {
    throw new Failure('invalid', `The body has the key ${JSON.stringify(key.slice(0, 60))} twice in one object`);
  }
  frame.keys?.add(key);
  return key;
}

function endOfString(text: string, from: number): number {
  let at = from + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}
