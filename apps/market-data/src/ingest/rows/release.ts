/** In ECMAScript 2024; the library of types that the compiler is given is a year older. */
interface Transferable {
  transfer(bytes: number): unknown;
}

/**
 * Gives the memory of a buffer back at once; the garbage collector lets 64 MB of them lie before it looks. Only for the
 * last who has the buffer, and only when no write of it is under way: the socket would read freed memory. Buffers that
 * share their memory with others are left alone.
 */
export function release({ buffer, byteLength }: NodeJS.ArrayBufferView): void {
  if (byteLength === buffer.byteLength) (buffer as ArrayBufferLike & Transferable).transfer(0);
}
