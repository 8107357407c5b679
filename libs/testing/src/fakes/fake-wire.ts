/** One event on its way to one process. */
export interface Carried {
  /** The bus that sent it, and the one it is for. */
  readonly from: object;
  readonly to: object;
  readonly subject: string;
  readonly deliver: () => void;
}

interface Listening {
  readonly to: object;
  readonly pattern: string;
  readonly receive: (message: unknown) => void;
}

interface Listener extends Listening {
  readonly wanted: readonly string[];
}

/** What connects fake buses: the events of one reach all, in order, after the publisher went on. */
export class FakeWire {
  readonly #listeners = new Set<Listener>();
  #carry: (carried: Carried) => void = ({ deliver }) => {
    queueMicrotask(deliver);
  };

  /** From now on `carry` decides when an event is delivered, and whether. */
  carriedBy(carry: (carried: Carried) => void): void {
    this.#carry = carry;
  }

  listen(options: Listening): () => void {
    const listener = { ...options, wanted: options.pattern.split('.') };
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  send(from: object, subject: string, message: unknown): void {
    const tokens = subject.split('.');
    const wanting = [...this.#listeners].filter(({ wanted }) => matches(wanted, tokens));
    for (const to of new Set(wanting.map((listener) => listener.to))) {
      const deliver = (): void => {
        for (const listener of wanting)
          if (listener.to === to && this.#listeners.has(listener)) listener.receive(message);
      };
      this.#carry({ from, to, subject, deliver });
    }
  }
}

/** NATS subject matching: `*` is one token, `>` at the end is one or more. */
function matches(wanted: readonly string[], tokens: readonly string[]): boolean {
  for (const [index, token] of wanted.entries()) {
    if (token === '>') return tokens.length > index;
    if (token !== '*' && token !== tokens[index]) return false;
  }
  return tokens.length === wanted.length;
}
