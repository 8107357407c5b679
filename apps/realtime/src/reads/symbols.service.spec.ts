import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Failure, instrumentsChanged, resolveInstruments } from '@mystocks/contracts';
import { FakeBus } from '@mystocks/testing';
import { SymbolsService } from './symbols.service.js';

const reader = { token: 't', caller: { id: 'u1', expiresAtMs: 1 } };

describe('the symbols that spellings name', () => {
  let bus: FakeBus;
  let symbols: SymbolsService;
  const listed = new Set<string>();
  /** Spellings of each call. */
  const asked = (): unknown => bus.called.map(({ request }) => (request as { symbols: unknown }).symbols);
  const resolve = async (...spellings: string[]): Promise<unknown[]> => {
    const found = await symbols.resolve(spellings, reader);
    return spellings.map((spelling) => {
      const result = found.get(spelling);
      return result instanceof Failure ? (result.problem ?? result.code) : result;
    });
  };

  beforeEach(() => {
    bus = new FakeBus();
    listed.clear();
    listed.add('600519.SH');
    bus.answer(resolveInstruments, (request) => ({
      instruments: request.symbols.map((one) => {
        if (one === '000001') return { asked: one, candidates: ['000001.SH', '000001.SZ'] };
        const symbol = [...listed].find((known) => known.startsWith(one));
        return symbol === undefined ? { asked: one } : { asked: one, symbol };
      }),
    }));
    symbols = new SymbolsService(bus.bus);
    symbols.onModuleInit();
  });

  it('the symbols that spellings name are looked up with one call and remembered, known, unknown and ambiguous ones', async () => {
    const spellings = ['600519.SH', '600519', '999999.SH', '000001'];
    const expected = ['600519.SH', '600519.SH', 'MARKET_DATA_NOT_FOUND', 'SYMBOL_AMBIGUOUS'];
    for (let time = 0; time < 3; time += 1) expect(await resolve(...spellings)).toEqual(expected);
    expect(await resolve('999999.SH', '999998.SH')).toEqual(['MARKET_DATA_NOT_FOUND', 'MARKET_DATA_NOT_FOUND']);
    expect(asked()).toEqual([spellings, ['999998.SH']]);
  });

  it('the symbols that spellings name are looked up again once instruments have changed', async () => {
    expect(await resolve('688001.SH')).toEqual(['MARKET_DATA_NOT_FOUND']);
    listed.add('688001.SH');
    bus.publish(instrumentsChanged, { count: 1, lsn: '0/1' });
    await Promise.resolve();
    expect(await resolve('688001.SH')).toEqual(['688001.SH']);
    listed.clear();
    bus.publish(instrumentsChanged, { count: 1, lsn: '0/2' });
    await Promise.resolve();
    expect(await resolve('688001.SH')).toEqual(['MARKET_DATA_NOT_FOUND']);
  });

  it('the symbols that spellings name are not remembered from an answer that was under way when instruments changed', async () => {
    bus.answer(resolveInstruments, async () => {
      bus.publish(instrumentsChanged, { count: 1, lsn: '0/1' });
      await new Promise((next) => setImmediate(next));
      return { instruments: [{ asked: '688001.SH' }] };
    });
    await resolve('688001.SH');
    await resolve('688001.SH');
    expect(bus.called).toHaveLength(2);
  });

  it('the symbols that spellings name are looked up again 10 s after they were unknown', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'queueMicrotask', 'nextTick'] });
    await resolve('688001.SH');
    listed.add('688001.SH');
    jest.setSystemTime(Date.now() + 9_000);
    expect(await resolve('688001.SH')).toEqual(['MARKET_DATA_NOT_FOUND']);
    jest.setSystemTime(Date.now() + 2_000);
    expect(await resolve('688001.SH')).toEqual(['688001.SH']);
    jest.useRealTimers();
  });

  it('the symbols that spellings name do not keep a failure of the call itself', async () => {
    bus.silence(resolveInstruments);
    expect(await resolve('600519.SH')).toEqual(['unavailable']);
    bus.answer(resolveInstruments, () => ({ instruments: [{ asked: '600519.SH', symbol: '600519.SH' }] }));
    expect(await resolve('600519.SH')).toEqual(['600519.SH']);
  });

  it('the symbols that spellings name stay looked up while many unknown ones pass, of which only the latest are remembered', async () => {
    await resolve('600519.SH');
    const code = (index: number): string => `${100_000 + index}.SZ`;
    for (let start = 0; start < 25_000; start += 200) {
      await resolve(...Array.from({ length: 200 }, (_, index) => code(start + index)));
    }
    const calls = bus.called.length;
    await resolve('600519.SH', code(24_999), code(6_000));
    expect(bus.called).toHaveLength(calls);
    await resolve(code(0));
    expect(bus.called).toHaveLength(calls + 1);
  });
});
