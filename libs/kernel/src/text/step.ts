/**
 * A step from bytes to text: takes the next piece of a stream and answers what of it is ready, which may be nothing
 * yet. With `last` it answers everything that it still holds.
 */
export type TextStep = (bytes: Buffer, last: boolean) => Buffer;

export const NOTHING: Buffer = Buffer.alloc(0);
