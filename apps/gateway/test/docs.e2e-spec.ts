import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startGateway, type Gateway } from './harness.js';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const open = (path: string): Promise<Response> => gateway.get(path, { token: '' });
const policyOf = (response: Response): string => response.headers.get('content-security-policy') ?? '';

describe('the documents for people', () => {
  it('the documents for people are a page that loads only files that are there, from here', async () => {
    const response = await open('/docs');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const html = await response.text();
    expect(html).not.toMatch(/https?:|<script>|style=|\son[a-z]+=/);
    const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file ?? '');
    expect(files).toHaveLength(5);
    for (const file of files) {
      const asset = await open(file);
      expect([file, asset.status]).toEqual([file, 200]);
      expect((await asset.arrayBuffer()).byteLength).toBeGreaterThan(100);
      expect(asset.headers.get('x-content-type-options')).toBe('nosniff');
    }
  });

  it('the documents for people show every version from the address where it really is, and send nothing to a foreign validator', async () => {
    const script = await (await open('/docs/start.js')).text();
    expect(script).toContain('validatorUrl: null');
    expect(script).not.toMatch(/https?:/);
    const urls = [...script.matchAll(/url: '([^']+)'/g)].map(([, url]) => url ?? '');
    expect(urls).toEqual(['/api/v2/openapi.json', '/api/v1/openapi.json']);
    for (const url of urls) expect((await open(url)).status).toBe(200);
  });

  it('the documents for people run no inline script, and loosen the policy of no other answer', async () => {
    const policy = policyOf(await open('/docs'));
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    for (const path of ['/api/v2/openapi.json', '/docs/start.js', '/docs/none', '/none', '/api/v2/symbols']) {
      expect([path, policyOf(await open(path))]).toEqual([path, "default-src 'none'; frame-ancestors 'none'"]);
    }
  });

  it('the documents for people give out no other file', async () => {
    for (const file of ['package.json', 'index.html', '..%2fpackage.json', '%2e%2e%2fpackage.json', 'constructor']) {
      expect([file, (await open(`/docs/${file}`)).status]).toEqual([file, 404]);
    }
  });

  it('the documents for people are where the deprecated version points', async () => {
    const response = await open('/api/v1/market/kline');
    expect(response.headers.get('link')).toContain('</docs>; rel="deprecation"');
  });

  it('the documents for people name the headers that a caller may send and goes on with', async () => {
    interface Told {
      parameters: { name: string; in: string }[];
      responses: Record<string, { headers?: object }>;
    }
    const document = (await (await open('/api/v2/openapi.json')).json()) as {
      paths: Record<string, Record<string, Told>>;
    };
    const told = (method: string, path: string): Told | undefined => document.paths[path]?.[method];
    const sent = (method: string, path: string): string[] | undefined =>
      told(method, path)?.parameters.flatMap((one) => (one.in === 'header' ? [one.name] : []));
    const answered = (method: string, path: string, status: number): string[] =>
      Object.keys(told(method, path)?.responses[status]?.headers ?? {});
    expect(sent('get', '/api/v2/stocks/{symbol}/bars')).toEqual(['X-Deadline-Ms', 'X-Read-After']);
    for (const path of ['/api/v2/batch/bars', '/api/v2/batch/symbols', '/api/v2/quotes', '/api/v2/uploads']) {
      expect([path, sent('post', path)]).toEqual([path, ['X-Deadline-Ms', 'Idempotency-Key']]);
    }
    expect(answered('post', '/api/v2/batch/bars', 200)).toEqual(['X-Read-After', 'Idempotency-Replayed']);
    expect(answered('post', '/api/v2/uploads', 202)).toEqual(expect.arrayContaining(['Location', 'Retry-After']));
    expect(answered('delete', '/api/v2/operations/{id}', 202)).toEqual(['Location', 'Retry-After']);
  });

  it('the documents for people say what the items of the lists are that the cache is told', async () => {
    const { components } = (await (await open('/api/v2/openapi.json')).json()) as {
      components: { schemas: Record<string, { properties: Record<string, { items: unknown }> }> };
    };
    const items = (schema: string, name: string): unknown => components.schemas[schema]?.properties[name]?.items;
    expect(items('InvalidateBody', 'tags')).toEqual({ type: 'string', pattern: '^[A-Za-z0-9:._-]{1,32}$' });
    expect(items('PrewarmBody', 'symbols')).toMatchObject({ type: 'string' });
    expect(items('PrewarmBody', 'reads')).toEqual({
      type: 'object',
      properties: { subject: { type: 'string' }, request: { type: 'object' } },
      required: ['subject', 'request'],
    });
  });

  it('the documents for people ask for the body of a change of roles without the account, which the path names', async () => {
    const document = (await (await open('/api/v2/openapi.json')).json()) as {
      paths: Record<string, Record<string, { requestBody: { content: Record<string, { schema: { $ref: string } }> } }>>;
      components: { schemas: Record<string, { properties: object }> };
    };
    const operation = document.paths['/api/v2/users/{id}/roles']?.['patch'];
    const name = operation?.requestBody.content['application/json']?.schema.$ref.split('/').at(-1) ?? '';
    expect(Object.keys(document.components.schemas[name]?.properties ?? {})).toEqual(['roles']);
  });
});
