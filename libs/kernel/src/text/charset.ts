/** An encoding that text may come in; everything is decoded to UTF-8. */
export type Charset = 'utf-8' | 'gb18030' | 'utf-16le' | 'utf-16be';

const charsets: Readonly<Record<string, Charset>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'us-ascii': 'utf-8',
  gb18030: 'gb18030',
  gbk: 'gb18030',
  gb2312: 'gb18030',
  'utf-16': 'utf-16le',
  'utf-16le': 'utf-16le',
  'utf-16be': 'utf-16be',
};

/** The names that {@link charsetOf} knows, subsets of an encoding included. */
export const charsetNames: readonly string[] = Object.keys(charsets);

/** The encoding of this name, in any case; undefined for one that is not read. */
export function charsetOf(name: string): Charset | undefined {
  const key = name.toLowerCase();
  return Object.hasOwn(charsets, key) ? charsets[key] : undefined;
}
