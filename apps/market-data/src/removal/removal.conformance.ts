import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { instrumentsChanged } from '@mystocks/contracts';
import { openIngest, request, type Ingest } from '../../test/open-ingest.js';
import { openQuotes, quoteAt, QUOTES_NOW } from '../../test/open-quotes.js';
import type { TimeseriesStore } from '../../test/timeseries-stores.js';

const BARS = 'code,exchange,date,open,high,low,close,volume';
const bar = (code: string): string => `${code},SSE,2024-06-14,10,11,9,10,100`;

/** Instruments are removed while nothing is stored of them, and never while something is. */
export function itRemovesInstruments(store: TimeseriesStore): void {
  describe(`an instrument to remove, with bars and quotes in ${store.name}`, () => {
    let room: Ingest;
    const named = async (code: string): Promise<string> => {
      await room.lists.ingest(request('code,exchange,name', `${code},SSE,some name`));
      return `${code}.SH`;
    };
    const ids = async (symbol: string): Promise<unknown[]> =>
      room.rows(`SELECT id FROM market_data.instruments WHERE symbol = '${symbol}'`);
    const forgetUse = (): Promise<unknown> =>
      room.pool.write((client) => client.query('UPDATE market_data.instruments SET in_use = false'));

    beforeAll(async () => {
      room = await openIngest(store);
      room.directory.onModuleInit();
    }, 60_000);
    afterAll(async () => {
      room.directory.onModuleDestroy();
      await room.stop();
    });

    it('goes when nothing is stored of it, and every answer about it is invalidated', async () => {
      const symbol = await named('600201');
      const { lsn } = await room.removal.remove('sh600201');
      expect(await ids(symbol)).toEqual([]);
      expect(room.bus.published.at(-1)).toEqual({
        subject: instrumentsChanged.subject,
        payload: { count: 1, symbols: [symbol], lsn },
      });
      await expect(room.directory.find(symbol)).resolves.toBeUndefined();
      await expect(room.removal.remove(symbol)).rejects.toMatchObject({ code: 'not_found' });
    });

    it(`an instrument to remove, with bars and quotes in ${store.name} must be named with its exchange`, async () => {
      const symbol = await named('600202');
      await expect(room.removal.remove('600202')).rejects.toMatchObject({ code: 'invalid' });
      expect(await ids(symbol)).toHaveLength(1);
    });

    it('stays when a bar of it is stored, also one from before its use was noted', async () => {
      const symbol = await named('600203');
      await room.bars.ingest(request(BARS, bar('600203')));
      const refusal = { code: 'conflict', message: expect.stringContaining('delisted') };
      await expect(room.removal.remove(symbol)).rejects.toMatchObject(refusal);
      await forgetUse();
      await expect(room.removal.remove(symbol)).rejects.toMatchObject(refusal);
      expect(await ids(symbol)).toHaveLength(1);
    });

    it('stays when a quote of it is stored, also one from before its use was noted', async () => {
      const symbol = await named('600204');
      const { statuses } = openQuotes(room, () => QUOTES_NOW);
      expect(await statuses(quoteAt('01', { symbol }))).toEqual([201]);
      await expect(room.removal.remove(symbol)).rejects.toMatchObject({ code: 'conflict' });
      await forgetUse();
      await expect(room.removal.remove(symbol)).rejects.toMatchObject({ code: 'conflict' });
    });

    it(`an instrument to remove, with bars and quotes in ${store.name} can be removed after a block of which no line was stored`, async () => {
      const symbol = await named('600205');
      const report = await room.bars.ingest(request(BARS, '600205,SSE,2024-06-14,10,9,9,10,100'));
      expect(report).toMatchObject({ failed: 1 });
      await room.removal.remove(symbol);
      expect(await ids(symbol)).toEqual([]);
    });

    it('takes no bar of a block that was read before it was removed', async () => {
      const symbol = await named('600206');
      const read = await room.blocks.read(request(BARS, bar('600206'), { register: false }));
      await room.removal.remove(symbol);
      const late = room.transactions.run((transaction) => room.bars.store(transaction, read));
      await expect(late).rejects.toMatchObject({ code: 'unavailable' });
      expect(
        await room.rows(
          'SELECT FROM market_data.bars_daily b LEFT JOIN market_data.instruments i ON id = instrument_id WHERE i.id IS NULL',
        ),
      ).toEqual([]);
      expect(await room.bars.ingest(request(BARS, bar('600206'), { register: false }))).toMatchObject({ failed: 1 });
    });

    it('waits for a transaction that stores its first bar, and then stays', async () => {
      const symbol = await named('600207');
      const read = await room.blocks.read(request(BARS, bar('600207')));
      let removal: Promise<unknown> = Promise.resolve();
      await room.transactions.run(async (transaction) => {
        await room.bars.store(transaction, read);
        removal = expect(room.removal.remove(symbol)).rejects.toMatchObject({ code: 'conflict' });
      });
      await removal;
      expect(await ids(symbol)).toHaveLength(1);
    });

    const onPostgres = store.name === 'PostgreSQL';
    (onPostgres ? it : it.skip)('makes no block wait for a long transaction that stores its first bar', async () => {
      await named('600208');
      const read = await room.blocks.read(request(BARS, bar('600208')));
      await room.transactions.run(async (transaction) => {
        await room.bars.store(transaction, read);
        const other = bar('600208').replace('06-14', '06-17');
        expect(await room.bars.ingest(request(BARS, other))).toMatchObject({ inserted: 1 });
      });
      await expect(room.removal.remove('600208.SH')).rejects.toMatchObject({ code: 'conflict' });
    });

    it(`an instrument to remove, with bars and quotes in ${store.name} is either removed or has its bar when both are asked for at the same time`, async () => {
      for (let round = 0; round < 20; round += 1) {
        const code = String(600_300 + round);
        const symbol = await named(code);
        const [removed, stored] = await Promise.all([
          room.removal.remove(symbol).then(
            () => true,
            () => false,
          ),
          room.bars.ingest(request(BARS, bar(code), { register: false })).then(
            ({ inserted }) => inserted === 1,
            () => false,
          ),
        ]);
        expect([removed, stored].filter((one) => one)).toHaveLength(1);
        expect(await ids(symbol)).toHaveLength(removed ? 0 : 1);
      }
    });
  });
}
