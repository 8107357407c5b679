/** A file or body cannot be read as text at all; the message says what it is and what to do. */
export class UnreadableText extends Error {
  override readonly name = 'UnreadableText';
}
