import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes that go by between two looks. */
const EVERY_BYTES = 2 * 2 ** 20;

type CollectGarbage = (options: { readonly type: 'minor' }) => void;

/**
 * Keeps a process small through which a large file goes. A block of it leaves several times its size in dead buffers:
 * what the socket read, what was put together for NATS and PostgreSQL. V8 counts them outside its heap and looks for them
 * after 64 MB, or when its heap is full, which a block hardly touches: the process grows by 100 MB for a file of any size.
 * A look at the young generation, now and then, costs a millisecond or two.
 */
export class DeadBuffers {
  readonly #collect = collector();
  #bytes = 0;

  /** So many bytes of a file went by. */
  passed(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < EVERY_BYTES) return;
    this.#bytes = 0;
    this.#collect({ type: 'minor' });
  }
}

function collector(): CollectGarbage {
  // Only contexts that are created after this line read the flag, which is the one below.
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as CollectGarbage;
}
