import { Reply } from './requests.js';

/** A request of a guide and the answer below it. Each is an `http` block: first line, headers, blank line, body. */
export interface Exchange {
  readonly request: Message;
  readonly answer: Message;
  /** The answer as it stands in the guide. */
  readonly answerText: string;
}

interface Message {
  /** `GET /api/v2/…` or `HTTP/1.1 200 OK`. */
  readonly firstLine: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

const FENCE = /^```http\n((?:GET|POST|DELETE|PATCH) [^]*?)^```\n\n```http\n(HTTP[^]*?)^```$/gm;

export const readExchanges = (guide: string): Exchange[] =>
  [...guide.matchAll(FENCE)].map(([, request = '', answer = '']) => ({
    request: readMessage(request),
    answer: readMessage(answer),
    answerText: answer,
  }));

function readMessage(text: string): Message {
  const [head = '', ...body] = text.split('\n\n');
  const [firstLine = '', ...headers] = head.trimEnd().split('\n');
  const pairs = headers.map((line): [string, string] => {
    const at = line.indexOf(': ');
    return at < 0 ? [line.replace(/:$/, ''), ''] : [line.slice(0, at), line.slice(at + 2)];
  });
  return { firstLine, headers: new Map(pairs), body: body.join('\n\n').replace(/\n$/, '') };
}

/** What differs with every run: it must be there, and what the guide shows stands for it in later requests. */
const CHANGING_HEADERS = new Set(['etag', 'x-read-after', 'x-request-id', 'age', 'last-modified']);
const CHANGING_FIELDS = new Set([
  'access_token',
  'next_page_token',
  'request_id',
  'trace_id',
  'took',
  'id',
  'created_at',
]);

/** Stands for a header that an answer does not have. */
const NONE = '(none)';

/** Sends the requests of a guide, one after the other. */
export class GuideClient {
  /** What the guide shows, and what it was in this run. */
  readonly #shown = new Map<string, string>();

  constructor(
    private readonly url: string,
    values: Readonly<Record<string, string>>,
  ) {
    for (const [name, value] of Object.entries(values)) this.#shown.set(name, value);
  }

  async send({ firstLine, headers, body }: Message): Promise<Reply> {
    const [method = 'GET', path = '/'] = firstLine.split(' ');
    const response = await fetch(`${this.url}${this.#real(path)}`, {
      method,
      headers: [...headers].map(([name, value]): [string, string] => [name, this.#real(value)]),
      ...(body === '' ? {} : { body: this.#real(/csv/.test(headers.get('Content-Type') ?? '') ? `${body}\n` : body) }),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '') && text !== '';
    return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined };
  }

  /** Remembers what changed of the values that the guide shows, for the requests that use them. */
  learn(answer: Message, reply: Reply): void {
    for (const [name, shown] of answer.headers) {
      const real = reply.headers.get(name);
      if (CHANGING_HEADERS.has(name.toLowerCase()) && real !== null && shown !== '') this.#shown.set(shown, real);
    }
    const shown = answer.body === '' ? {} : (JSON.parse(answer.body) as Record<string, unknown>);
    for (const [name, value] of Object.entries((reply.body ?? {}) as Record<string, unknown>)) {
      const before = shown[name];
      if (CHANGING_FIELDS.has(name) && typeof value === 'string' && typeof before === 'string')
        this.#shown.set(before, value);
      if (name === 'access_token') this.#shown.set('$TOKEN', String(value));
    }
  }

  /** A guide with the values of this run instead of those that it shows; names such as $TOKEN stay. */
  update(guide: string): string {
    const shown = [...this.#shown].filter(([name]) => !/^\$|…/.test(name));
    return shown.reduce((text, [before, real]) => text.replaceAll(before, real), guide);
  }

  #real(text: string): string {
    return [...this.#shown].reduce((all, [shown, real]) => all.replaceAll(shown, real), text);
  }
}

/** Status, the headers that the guide names, and the body, without what changes with every run. */
export function comparable(answer: Message, reply?: Reply): object {
  const names = [...answer.headers.keys()];
  const body = reply === undefined ? (answer.body === '' ? undefined : JSON.parse(answer.body)) : reply.body;
  return {
    status: reply?.status ?? Number(answer.firstLine.split(' ')[1]),
    headers: Object.fromEntries(
      names.map((name) => {
        const value = reply === undefined ? answer.headers.get(name) : (reply.headers.get(name) ?? NONE);
        return [name, CHANGING_HEADERS.has(name.toLowerCase()) && value !== NONE ? 'present' : value];
      }),
    ),
    body: withoutChanging(body),
  };
}

function withoutChanging(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutChanging);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      CHANGING_FIELDS.has(name) && member !== null ? typeof member : withoutChanging(member),
    ]),
  );
}

/** The answer as a guide shows it: with the headers that it showed before. */
export function answerText({ headers }: Message, reply: Reply, statusText: string): string {
  const lines = [...headers.keys()].map((name) => `${name}: ${reply.headers.get(name) ?? NONE}`);
  const shown = (name: string, value: unknown): string =>
    `"${name}": ${name === 'access_token' ? '"eyJ…"' : JSON.stringify(value)}`;
  const body =
    reply.body === undefined
      ? ''
      : `\n{\n${Object.entries(reply.body as object)
          .map(([name, value]) => `  ${shown(name, value)}`)
          .join(',\n')}\n}\n`;
  return `${[`HTTP/1.1 ${reply.status} ${statusText}`, ...lines].join('\n')}\n${body}`;
}
