import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { getMe, issueToken, latestQuotes, listBars, listInstruments, readAnswer } from '@mystocks/contracts';
import { routesOf } from '../src/edge/route-table.js';
import { answerOf, startGateway, user, type Gateway } from './harness.js';

let gateway: Gateway;
const documents: Record<string, object> = {
  [listBars.subject]: {
    bars: [
      { t: '2023-12-29T00:00:00+08:00', o: 2, h: 4, l: 1, c: 3, v: 100, amt: 5 },
      { t: '2023-12-28T00:00:00+08:00', o: 1, h: 3, l: 1, c: 2, v: 90 },
    ],
    meta: { adjustment: 'qfq' },
  },
  [latestQuotes.subject]: {
    quotes: {
      '600519.SH': { t: '2024-06-14T09:31:00+08:00', last: 11, prev_close: 10, v: 5 },
      '000001.SZ': { t: 'x' },
    },
  },
  [listInstruments.subject]: {
    symbols: [
      { symbol: '600519.SH', code: '600519', exchange: 'SSE', kind: 'stock', name: '贵州茅台', status: 'listed' },
    ],
  },
};

beforeAll(async () => {
  gateway = await startGateway();
  gateway.bus
    .answer(readAnswer, ({ subject }) => answerOf(documents[subject]))
    .answer(issueToken, () => ({
      access_token: 'a.b.c',
      token_type: 'Bearer' as const,
      expires_in: 900,
      scope: 'user',
    }))
    .answer(getMe, () => user);
});
afterAll(() => gateway.close());

const asked = (): unknown => JSON.parse((gateway.bus.called.at(-1)?.request as { request: string }).request);

describe('v1', () => {
  it('answers kline in the envelope, oldest first, from the last 60 bars adjusted forwards', async () => {
    const response = await gateway.get('/api/v1/market/kline?symbol=000001&interval=1w');
    expect(asked()).toMatchObject({
      symbol: '000001.SZ',
      timeframe: '1Week',
      adjustment: 'qfq',
      limit: 60,
      sort: 'desc',
    });
    const body = (await response.json()) as { data: object[]; request_id: string };
    expect(body).toMatchObject({
      success: true,
      code: 200,
      errors: null,
      request_id: response.headers.get('x-request-id'),
    });
    expect(body.data).toEqual([
      { datetime: '2023-12-28', date: '2023-12-28', open: 1, high: 3, low: 1, close: 2, volume: 90, amount: null },
      { datetime: '2023-12-29', date: '2023-12-29', open: 2, high: 4, low: 1, close: 3, volume: 100, amount: 5 },
    ]);
  });

  it('says in a header when the default adjustment became raw because no factor is stored', async () => {
    const of = async (): Promise<string | null> =>
      (await gateway.get('/api/v1/market/kline?symbol=920008')).headers.get('x-adjustment');
    expect(await of()).toBeNull();
    const adjusted = documents[listBars.subject] ?? {};
    documents[listBars.subject] = { ...adjusted, meta: { adjustment: 'raw' } };
    const fallback = await gateway.get('/api/v1/market/kline?symbol=920009');
    documents[listBars.subject] = adjusted;
    expect(asked()).toMatchObject({ adjustment: 'qfq', without_factors: 'raw' });
    expect([fallback.status, fallback.headers.get('x-adjustment')]).toEqual([
      200,
      'raw; reason="no adjustment factor is stored"',
    ]);
  });

  it('keeps the words of the original: stock_code, period, adjust and both dates', async () => {
    await gateway.get(
      '/api/v1/market/kline?stock_code=600519.SH&period=monthly&adjust=&start_date=2020-01-01&end_date=2020-12-31',
    );
    expect(asked()).toMatchObject({
      symbol: '600519.SH',
      timeframe: '1Month',
      adjustment: 'raw',
      start: '2020-01-01',
      end: '2020-12-31',
      sort: 'asc',
    });
  });

  it('never invents a quote: what is not known is null or absent', async () => {
    const body = (await (await gateway.get('/api/v1/market/quotes?symbols=600519,000001,600000')).json()) as {
      data: { quotes: object[]; total: number };
    };
    expect(body.data.total).toBe(2);
    expect(body.data.quotes).toMatchObject([
      { symbol: '600519.SH', price: 11, change: 1, change_percent: 10, volume: 5 },
      { symbol: '000001.SZ', price: null, change: null, change_percent: null },
    ]);
  });

  it('lists stocks and logs in with a form', async () => {
    const stocks = (await (await gateway.get('/api/v1/market/stocks?search=600519&limit=5')).json()) as {
      data: object;
    };
    expect(stocks.data).toMatchObject({
      total: 1,
      search: '600519',
      stocks: [{ symbol: '600519.SH', name: '贵州茅台', security_type: 'stock' }],
    });
    const login = await gateway.get('/api/v1/auth/login', {
      method: 'POST',
      body: new URLSearchParams({ username: 'desk-1', password: 'a long password' }),
      token: '',
    });
    expect(await login.json()).toMatchObject({
      access_token: 'a.b.c',
      token_type: 'bearer',
      user: { username: 'desk-1', role: 'user' },
    });
  });

  it('says on success and on error that it ends, and what follows it', async () => {
    const paths: [string, string, number][] = [
      ['/api/v1/market/quotes', gateway.token('user'), 200],
      ['/api/v1/market/quotes', '', 401],
      ['/api/v1/market/kline', gateway.token('user'), 400],
      ['/api/v1/nothing', '', 404],
    ];
    for (const [path, token, status] of paths) {
      const response = await gateway.get(path, { token });
      expect(response.status).toBe(status);
      expect(response.headers.get('deprecation')).toMatch(/^@\d+$/);
      expect(Date.parse(response.headers.get('sunset') ?? '')).toBeGreaterThan(
        Number(response.headers.get('deprecation')?.slice(1)) * 1_000,
      );
      expect(response.headers.get('link')).toContain('rel="successor-version"');
      if (status !== 200) expect(await response.json()).toMatchObject({ success: false, data: null });
    }
    expect((await gateway.get('/api/v2/clock', { token: '' })).headers.get('deprecation')).toBeNull();
  });
});

describe('the documents', () => {
  interface Document {
    readonly paths: Record<
      string,
      Record<string, { readonly deprecated?: boolean; readonly parameters?: { readonly name: string }[] }>
    >;
  }
  const documentOf = async (version: string): Promise<Document> =>
    (await (await gateway.get(`/api/${version}/openapi.json`, { token: '' })).json()) as Document;

  it('the documents list exactly the routes of their version', async () => {
    const served = routesOf(gateway.edge.server)
      .filter(({ method, template }) => method !== 'HEAD' && !template.startsWith('/docs'))
      .map(({ method, template }) => `${method} ${template.replaceAll(/:([a-z_]+)/g, '{$1}')}`);
    for (const version of ['v1', 'v2']) {
      const { paths } = await documentOf(version);
      const listed = Object.entries(paths).flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
      );
      const own = served.filter((route) => route.includes('/api/v1/') === (version === 'v1'));
      expect(listed.toSorted()).toEqual(own.toSorted());
    }
  });

  it('describe parameters from the contracts, and mark v1 as deprecated', async () => {
    const v2 = await documentOf('v2');
    const names = v2.paths['/api/v2/stocks/{symbol}/bars']?.['get']?.parameters?.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        'symbol',
        'timeframe',
        'start',
        'end',
        'adjustment',
        'asof',
        'limit',
        'page_token',
        'sort',
      ]),
    );
    const v1 = await documentOf('v1');
    expect(v1.paths['/api/v1/market/kline']?.['get']?.deprecated).toBe(true);
  });
});
