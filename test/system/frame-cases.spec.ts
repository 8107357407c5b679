import { describe, expect, it } from '@jest/globals';
import { describeCases, generated, reportOf, type Bar } from './case-files.js';
import { reportedLines } from './uploads-help.js';

describeCases('Real-life files, read back', (running) => {
  const files = () => running().files;
  const system = () => running().system;

  describe('Frames and adjustment', () => {
    it('shows a suspended day as such and refuses prices of 0', async () => {
      const operation = await files().uploaded('14-suspended.csv');
      expect([operation.status, await reportedLines(system(), operation)]).toEqual(['partial', [4]]);
      const bars = await files().bars('600519.SH', 'start=2024-07-18&end=2024-07-22');
      expect(bars.map(({ v, suspended }) => [v, suspended])).toEqual([
        [0, true],
        [0, true],
      ]);
    });

    it('keeps a suspended day out of the prices of its week', async () => {
      await files().imported('suspended_week.csv');
      expect(await files().bars('609301.SH', 'timeframe=1Week')).toMatchObject([
        { o: 12, h: 12.6, l: 11.8, c: 12.4, v: 2_000 },
      ]);
      expect((await files().bars('609301.SH')).map(({ suspended }) => suspended === true)).toEqual([
        true,
        false,
        false,
      ]);
    });

    it('loses no minute where one coarser bar is stored too', async () => {
      expect((await files().ndjson('51-one-coarse-bar.ndjson')).status).toBe(200);
      const volumes = async (timeframe: string): Promise<number[]> =>
        (await files().bars('688981.SH', `timeframe=${timeframe}&start=2024-07-12&end=2024-07-12`)).map(({ v }) => v);
      expect(await volumes('5Min')).toEqual([5, 5]);
      expect(await volumes('15Min')).toEqual([10]);
    });

    it('makes the daily bar of a day that has only minute bars', async () => {
      await files().imported('min15_only.csv');
      expect(await files().bars('609303.SH')).toMatchObject([
        { t: '2025-07-01T00:00:00+08:00', o: 10, h: 10.1, v: 1_600 },
      ]);
    });

    it('invents no crash on an ex-day whose factor is missing', async () => {
      expect((await files().csv('41-factor-gap.csv')).status).toBe(200);
      const reply = await files().get('/api/v2/stocks/601318.SH/bars?adjustment=qfq&start=2024-06-18');
      const bars = (reply.body as { bars?: Bar[] }).bars ?? [];
      expect([200, 422]).toContain(reply.status);
      expect(bars.some(({ c }) => c === 2.5)).toBe(false);
      expect(reply.text).toMatch(/2024-06-(19|20)/);
    });

    it('answers the others of a list when one of them has no factor', async () => {
      expect((await files().csv('42-no-factor.csv')).status).toBe(200);
      const path = '/api/v2/stocks/bars?symbols=688981.SH,920008.BJ&adjustment=qfq&start=2024-06-18&end=2024-06-18';
      const { status, body } = await files().get(path);
      expect(status).toBe(200);
      expect(body).toMatchObject({
        bars: { '688981.SH': [{ c: 10 }] },
        meta: { errors: [{ symbol: '920008.BJ', code: 2_001 }] },
      });
    });

    it('adjusts 3,000 days whose one factor came with a bar of a holiday', async () => {
      const sent = await files().csvText(await generated('gen_sparse_factor.py'), 'register=true');
      const { items, summary } = reportOf(sent);
      const { warnings } = sent.body as { warnings: object[] };
      expect([sent.status, items[0]?.line, items[0]?.error?.message]).toEqual([
        ...[207, 2, '2005-01-03 is not a trading day of SSE'],
      ]);
      expect(warnings).toEqual([
        {
          ...{ kind: 'closed_day_factor', count: 1, lines: [2] },
          message: expect.stringContaining('that of line 2 (2005-01-03) from 2005-01-04 on') as unknown,
        },
      ]);
      const reply = await files().get('/api/v2/stocks/609305.SH/bars?adjustment=qfq&limit=10000');
      const { bars } = reply.body as { bars: Bar[] };
      expect([reply.status, bars.length, bars[0]?.t]).toEqual([200, summary.succeeded, '2005-01-04T00:00:00+08:00']);
      expect(new Set(bars.map(({ c }) => c))).toEqual(new Set([10]));
    });
  });
});
