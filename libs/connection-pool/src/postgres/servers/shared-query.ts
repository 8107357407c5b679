interface Caller<T> {
  readonly resolve: (answer: T) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One question for many callers, one in flight at a time. An answer is for those who came before its question was
 * asked: who comes later shares the next one, so no answer is older than the wish for it.
 */
export class SharedQuestion<T> {
  #callers: Caller<T>[] = [];
  #isAsking = false;

  constructor(private readonly ask: () => Promise<T>) {}

  answer(): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#callers.push({ resolve, reject });
      if (!this.#isAsking) void this.#askOn();
    });
  }

  async #askOn(): Promise<void> {
    this.#isAsking = true;
    while (this.#callers.length > 0) {
      const callers = this.#callers;
      this.#callers = [];
      try {
        const answer = await this.ask();
        for (const { resolve } of callers) resolve(answer);
      } catch (error) {
        for (const { reject } of callers) reject(error);
      }
    }
    this.#isAsking = false;
  }
}
