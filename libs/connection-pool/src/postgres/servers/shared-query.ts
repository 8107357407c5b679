interface Caller<T> {
  readonly resolve: (result: T) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Runs one query for many callers, one at a time. Callers that come while a query is running share the next one, so no
 * caller gets a result that is older than its call.
 */
export class SharedQuery<T> {
  #callers: Caller<T>[] = [];
  #isRunning = false;

  constructor(private readonly query: () => Promise<T>) {}

  run(): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#callers.push({ resolve, reject });
      if (!this.#isRunning) void this.#runForAll();
    });
  }

  async #runForAll(): Promise<void> {
    this.#isRunning = true;
    while (this.#callers.length > 0) {
      const callers = this.#callers;
      this.#callers = [];
      try {
        const result = await this.query();
        for (const { resolve } of callers) resolve(result);
      } catch (error) {
        for (const { reject } of callers) reject(error);
      }
    }
    this.#isRunning = false;
  }
}
