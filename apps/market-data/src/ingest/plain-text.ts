/** Text as it may be shown in a report: without control characters and without what could not be decoded. */
export const printable = (text: string): string =>
  text.replaceAll(/[\u0000-\u001f\u007f\uFFFD\p{Surrogate}]/gu, (odd) => (odd <= '\u007f' ? ' ' : '?'));

/**
 * False for text that was decoded from bytes of which a part is no text, or whose file was damaged before it came here:
 * U+FFFD stands there, and is never stored.
 */
export const isReadable = (text: string): boolean => !text.includes('\uFFFD');
