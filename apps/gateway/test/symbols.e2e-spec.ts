import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Failure, removeInstrument } from '@mystocks/contracts';
import { startGateway, type Gateway } from './harness.js';

let gateway: Gateway;

beforeAll(async () => {
  gateway = await startGateway();
  gateway.bus.answer(removeInstrument, ({ symbol }) => {
    if (symbol === '600519.SH') throw new Failure('conflict', 'Bars or quotes of 600519.SH are stored');
    return { symbol: '600519.SZ', lsn: '0/1A' };
  });
});
afterAll(() => gateway.close());

const remove = (symbol: string, ...roles: Parameters<Gateway['token']>): Promise<Response> =>
  gateway.get(`/api/v2/symbols/${symbol}`, { method: 'DELETE', token: gateway.token(...roles) });

describe('DELETE /api/v2/symbols/{symbol}', () => {
  it('removes an instrument for an administrator and names the write', async () => {
    const response = await remove('SZ600519', 'admin');
    expect(response.status).toBe(200);
    expect(response.headers.get('x-read-after')).toBe('0/1A');
    expect(await response.json()).toEqual({ symbol: '600519.SZ', removed: true });
  });

  it('refuses every other role without asking the owner', async () => {
    const before = gateway.count(removeInstrument);
    for (const role of ['operator', 'feed', 'user'] as const) expect((await remove('SZ600519', role)).status).toBe(403);
    expect(gateway.count(removeInstrument)).toBe(before);
  });

  it('answers a problem document when bars are stored and when the symbol is none', async () => {
    const conflict = await remove('600519.SH', 'admin');
    expect([conflict.status, conflict.headers.get('content-type')]).toEqual([
      409,
      expect.stringContaining('application/problem+json'),
    ]);
    expect((await remove('Moutai', 'admin')).status).toBe(400);
  });
});
