import { hash } from 'node:crypto';

/** JSON with the keys of every object sorted and absent fields left out: equal requests have equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) => (isPlainObject(one) ? sorted(one) : one)) ?? 'null';
}

/** The cache key for the answer of call `subject` to `canonicalRequest`: short, however long the request is. */
export function answerKey(subject: string, canonicalRequest: string): string {
  return hash('sha256', `${subject}\n${canonicalRequest}`, 'base64url');
}

const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function sorted(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}
