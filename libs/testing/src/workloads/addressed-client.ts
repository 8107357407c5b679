import { Agent, request } from 'node:http';

/** What came back, and how long it took in milliseconds. */
export interface PostAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: unknown;
  readonly ms: number;
}

/** A client at one local address, e.g. 127.0.0.2: on Linux all of 127.0.0.0/8 is local. */
export class AddressedClient {
  readonly #agent = new Agent({ keepAlive: true });

  constructor(
    private readonly url: string,
    private readonly localAddress: string,
  ) {}

  /** POSTs `value` as JSON. Rejects only when there is no answer at all. */
  post(path: string, value: object, headers: Readonly<Record<string, string>> = {}): Promise<PostAnswer> {
    const startedAt = performance.now();
    return new Promise((resolve, reject) => {
      const sent = request(`${this.url}${path}`, {
        method: 'POST',
        agent: this.#agent,
        localAddress: this.localAddress,
        headers: { 'content-type': 'application/json', ...headers },
      });
      sent.on('error', reject);
      sent.on('response', (response) => {
        const parts: Buffer[] = [];
        response.on('error', reject);
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () => {
          const text = Buffer.concat(parts).toString('utf8');
          resolve({
            status: response.statusCode ?? 0,
            retryAfter: response.headers['retry-after'],
            body: text === '' ? undefined : (JSON.parse(text) as unknown),
            ms: performance.now() - startedAt,
          });
        });
      });
      sent.end(JSON.stringify(value));
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
