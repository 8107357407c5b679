/** `transfer` is part of ECMAScript 2024; the type library of the compiler is one year older. */
interface Transferable {
  transfer(bytes: number): unknown;
}

/**
 * Frees the memory of a buffer at once; the garbage collector would let 64 MB of buffers accumulate first. Call it only when
 * nothing else uses the buffer and no write of it is running, because the socket would read freed memory. A buffer that
 * shares its memory with others is not freed.
 */
export function release({ buffer, byteLength }: NodeJS.ArrayBufferView): void {
  if (byteLength === buffer.byteLength) (buffer as ArrayBufferLike & Transferable).transfer(0);
}
