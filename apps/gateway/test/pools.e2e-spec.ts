import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { listAuthPools, listCachePools, listMarketDataPools, type PoolState } from '@mystocks/contracts';
import { startGateway, type Gateway } from './harness.js';

let gateway: Gateway;

const pool = (name: string): PoolState => ({
  ...{ name, role: 'primary', server: '127.0.0.1:5432', instance: 'host:1' },
  ...{ pool_size: 20, checked_in: 15, checked_out: 5, overflow: 0, max_overflow: 40, usage_percentage: 8.3 },
  ...{ waiting: 0, timeouts: 0, shed: 0, leaks: 0 },
  wait: { count: 5, sum_s: 0.1, buckets: [{ le_s: 0.5, count: 5 }, { count: 5 }] },
});

beforeAll(async () => {
  gateway = await startGateway();
  gateway.bus
    .answer(listAuthPools, () => ({ pools: [pool('auth')] }))
    .answer(listCachePools, () => ({ pools: [] }))
    .answer(listMarketDataPools, () => ({ pools: [pool('market-data'), pool('market-data-2')] }));
});
afterAll(() => gateway.close());

const get = (path: string, role: 'operator' | 'analyst' = 'operator'): Promise<Response> =>
  gateway.get(`/api/v2/pools${path}`, { token: gateway.token(role) });

describe('connection pools', () => {
  it('connection pools of all services are shown to operators only', async () => {
    const response = await get('');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      pools: [
        { ...pool('auth'), service: 'auth' },
        { ...pool('market-data'), service: 'market-data' },
        { ...pool('market-data-2'), service: 'market-data' },
      ],
      unavailable: [],
    });
    expect((await get('', 'analyst')).status).toBe(403);
    expect((await gateway.get('/api/v2/pools')).status).toBe(403);
  });

  it('connection pools can be asked for by name; an unknown one is not found', async () => {
    expect(await (await get('/market-data-2')).json()).toEqual({ ...pool('market-data-2'), service: 'market-data' });
    expect((await get('/absent')).status).toBe(404);
  });

  it('connection pools of a service that is away are missing, and that is said', async () => {
    gateway.bus.silence(listAuthPools);
    expect(await (await get('')).json()).toMatchObject({ pools: [{}, {}], unavailable: ['auth'] });
    expect((await get('/market-data')).status).toBe(200);
    expect((await get('/auth')).status).toBe(503);
  });
});
