/**
 * The first `max` characters as they may be shown in a report: without control characters, with ? for what could not be
 * decoded and for half a surrogate pair, which PostgreSQL would refuse.
 */
export const printable = (text: string, max: number): string =>
  text.slice(0, max).replaceAll(/[\u0000-\u001f\u007f\uFFFD\p{Surrogate}]/gu, (odd) => (odd <= '\u007f' ? ' ' : '?'));

/**
 * False for text that was decoded from bytes of which a part is no text, or whose file was damaged before it came here:
 * U+FFFD stands there, and is never stored.
 */
export const isReadable = (text: string): boolean => !text.includes('\uFFFD');
