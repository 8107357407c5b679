import { resolve } from 'node:path';

/** The folder of the repository. */
export const root = resolve(import.meta.dirname, '../..');

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
  readonly text: string;
}

export const get = (url: string, path: string, token?: string, headers: Record<string, string> = {}): Promise<Reply> =>
  ask(url, path, { headers: { ...bearer(token), ...headers } });

export const post = (url: string, path: string, value: unknown, token?: string): Promise<Reply> =>
  ask(url, path, {
    method: 'POST',
    headers: { ...bearer(token), 'content-type': 'application/json' },
    body: JSON.stringify(value),
  });

/** Sends a CSV text as one stream, as `npm run import` does. */
export const postCsv = (url: string, path: string, csv: string | Buffer, token: string): Promise<Reply> =>
  ask(url, path, { method: 'POST', headers: { ...bearer(token), 'content-type': 'text/csv' }, body: csv });

export const bearer = (token: string | undefined): Record<string, string> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };

export async function ask(url: string, path: string, init: RequestInit): Promise<Reply> {
  const response = await fetch(`${url}${path}`, init);
  const text = await response.text();
  const json = /json/.test(response.headers.get('content-type') ?? '') && text !== '';
  return {
    status: response.status,
    headers: response.headers,
    body: json ? (JSON.parse(text) as unknown) : undefined,
    text,
  };
}
