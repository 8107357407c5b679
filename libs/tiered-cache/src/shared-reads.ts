import { Failure, type FailureCode } from '@mystocks/contracts';

/** One read that may share its answer with others of the same key. */
export interface SharedRead<T> {
  readonly key: string;
  /** Whether the answer of a read that is already running serves this one, too. It may miss writes named since it began. */
  readonly isGoodEnough?: (value: T) => boolean;
  /** The caller's deadline is earlier than the owner's own: when this read times out, that says nothing about the owner. */
  readonly isHurried?: boolean;
}

interface RunningRead<T> {
  readonly value: Promise<T>;
  readonly isHurried: boolean;
}

/** Failures that concern the caller's own token. */
const PERSONAL: readonly FailureCode[] = ['unauthenticated', 'forbidden'];

/**
 * Single flight: one read of a key in this process however many callers want it. Callers whose shared read does not show
 * a write that they must see start one new read together. They also do when it failed for a reason that concerns its first
 * caller alone: that caller's token or its short deadline.
 */
export class SharedReads<T> {
  readonly #running = new Map<string, RunningRead<T>>();

  /** Joins the running read of the key, or starts `work`. */
  async run({ key, isGoodEnough = always, isHurried = false }: SharedRead<T>, work: () => Promise<T>): Promise<T> {
    for (;;) {
      const running = this.#running.get(key);
      if (running === undefined) return this.#start(key, isHurried, work());
      try {
        const value = await running.value;
        if (isGoodEnough(value)) return value;
      } catch (error) {
        if (!isPersonal(error, running)) throw error;
      }
    }
  }

  /** Requests that arrive from now on start a new read instead of joining one that is already running. */
  forget(): void {
    this.#running.clear();
  }

  #start(key: string, isHurried: boolean, work: Promise<T>): Promise<T> {
    const value = work.finally(() => {
      if (this.#running.get(key)?.value === value) this.#running.delete(key);
    });
    this.#running.set(key, { value, isHurried });
    return value;
  }
}

const always = (): boolean => true;

const isPersonal = (error: unknown, { isHurried }: RunningRead<unknown>): boolean =>
  error instanceof Failure && (PERSONAL.includes(error.code) || (isHurried && error.code === 'timeout'));
