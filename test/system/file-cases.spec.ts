import { describe, expect, it } from '@jest/globals';
import { describeCases, generated, refusedLines, reportOf, type BatchReport } from './case-files.js';
import { reportedLines } from './uploads-help.js';

describeCases('Real-life files', (running) => {
  const files = () => running().files;
  const system = () => running().system;

  describe('Text as people have it', () => {
    it('keeps the Chinese names of a GBK list and reports its encoding', async () => {
      const reply = await files().symbols('01-names-gbk.csv');
      expect([reply.status, reportOf(reply).encoding]).toEqual([200, 'gb18030']);
      expect((await files().get('/api/v2/symbols/600000.SH')).text).toContain('"浦发银行"');
      const operation = await files().uploaded('01-names-gbk.csv', 'kind=symbols');
      expect([operation.status, operation.result?.summary.unchanged]).toEqual(['succeeded', 1]);
    });

    it.each(['28-line-ends-cr.csv', '28-line-ends-crcrlf.csv', '30-quoted-header.csv', '30-blanks.csv'])(
      'stores the one bar of %s',
      async (name) => {
        const reply = await files().csv(name);
        expect([reply.status, reportOf(reply).summary]).toEqual([
          200,
          expect.objectContaining({ total: 1, succeeded: 1, failed: 0 }),
        ]);
      },
    );
  });

  describe('Values as programs write them', () => {
    it('stores a whole number of shares written with a point, from CSV and from NDJSON, and refuses half a share', async () => {
      expect(refusedLines(await files().csv('07-volume-float.csv', 'timeframe=1Min'))).toEqual([3]);
      expect((await files().ndjson('07-volume-float.ndjson')).status).toBe(200);
      const bars = await files().bars('600519.SH', 'timeframe=1Min&start=2024-07-01&end=2024-07-01');
      expect(bars.map(({ v }) => v)).toEqual([1_200]);
    });

    it('stores volumes in lots and amounts in thousands, and warns with their lines', async () => {
      const { status, result } = await files().uploaded('10-units.csv');
      expect(status).toBe('succeeded');
      expect((result as unknown as { warnings: unknown }).warnings).toEqual([
        expect.objectContaining({ kind: 'units', count: 2, lines: [3, 4] }),
      ]);
    });

    it('refuses lines of NDJSON that give one field twice', async () => {
      const reply = await files().ndjson('68-duplicate-key.ndjson');
      // Of line 3 only noise is lost, and the report says so.
      expect([refusedLines(reply), (reply.body as { rounded?: number }).rounded]).toEqual([[1, 2], 1]);
      const bars = await files().bars('600519.SH', 'start=2024-03-08&end=2024-03-13');
      expect(bars.find(({ t }) => t.startsWith('2024-03-13'))?.o).toBe(10.1);
      expect(bars.some(({ o }) => o === 20)).toBe(false);
      expect(await files().bars('600036.SH', 'start=2024-03-11&end=2024-03-11')).toEqual([]);
    });

    it('stores the last of contradicting lines and reports the lines it superseded', async () => {
      const { status, result } = await files().uploaded('19-contradiction.csv');
      expect([status, await files().bars('601318.SH', 'start=2021-03-17&end=2021-03-17')]).toMatchObject([
        'succeeded',
        [{ c: 0.5 }],
      ]);
      const { superseded } = result as unknown as BatchReport;
      expect(superseded?.count).toBe(2);
      expect(superseded?.lines.map(({ line }) => line)).toEqual([2, 3]);
    });

    it('stores the last of two lines 11,000 lines apart, at any concurrency, and changes nothing the second time', async () => {
      // Of its 60 bars that stand twice 15 are on days without trading.
      const stdout = await generated('gen_duplicate_lines.py');
      for (const concurrency of [4, 8, 1]) {
        const reply = await files().csvText(stdout, `register=true&concurrency=${concurrency}`);
        expect([reply.status, reportOf(reply).superseded?.count]).toEqual([207, 45]);
        expect((await files().bars('609500.SH')).map(({ c }) => c)).toEqual([50]);
      }
      const { result } = await files().uploadedText(stdout, 'register=true&concurrency=8');
      expect((result as unknown as BatchReport).superseded?.count).toBe(45);
      expect((await files().bars('609500.SH')).map(({ c }) => c)).toEqual([50]);
    }, 120_000);
  });

  describe('Days and stamps', () => {
    it('refuses a day that is stamped with the starts of its bars, and stores it with stamps=start', async () => {
      const query = 'timeframe=30Min';
      const refused = await files().csv('34-stamped-at-start-30min.csv', query);
      expect([refused.status, reportOf(refused).summary.succeeded]).toEqual([422, 0]);
      expect(reportOf(refused).items[0]?.error?.message).toContain('stamps=start');
      expect((await files().csv('34-stamped-at-start-30min.csv', `${query}&stamps=start`)).status).toBe(200);
      const bars = await files().bars('688981.SH', `${query}&start=2024-07-05&end=2024-07-05`);
      expect(bars.map(({ t, v }) => [t.slice(11, 16), v])).toEqual(
        ['10:00', '10:30', '11:00', '11:30', '13:30', '14:00', '14:30', '15:00'].map((time) => [time, 30]),
      );
    });

    it('refuses bars of a holiday and of a Saturday by line', async () => {
      const operation = await files().uploaded('37-closed-days.csv');
      expect([operation.status, await reportedLines(system(), operation)]).toEqual(['partial', [2, 3]]);
      const { refused } = await files().imported('holiday_bar.csv');
      expect(refused.map(({ line }) => line)).toEqual([2, 3]);
      expect(refused[0]?.error.message).toContain('2024-10-01');
    });

    it('imports one bar a day as the frame that is asked for', async () => {
      const { answer } = await files().imported('one_bar_a_day.csv', { timeframe: '15Min' });
      expect(answer.summary).toMatchObject({ total: 2, succeeded: 2 });
      expect(await files().bars('609306.SH', 'timeframe=15Min')).toHaveLength(2);
    });
  });

  describe('Instruments', () => {
    it('never meets an index under the spelling of a stock, nor a stock under that of an index', async () => {
      expect(refusedLines(await files().csv('23-index-or-stock.csv'))).toEqual([3, 4, 5]);
      const day = 'start=2024-03-04&end=2024-03-05';
      expect((await files().bars('000001.SH', day)).map(({ c }) => c)).toEqual([3_005]);
      expect(await files().bars('000001.SZ', day)).toEqual([]);
      expect(await files().bars('600000.SH', day)).toEqual([]);
    });

    it.each([
      ['24-wrong-exchange.csv', '600519'],
      ['wrong_exchange.csv', '601318'],
    ])('does not register the wrong exchange of %s, so that the bare code %s stays clear', async (name, code) => {
      const { refused, answer } = await files().imported(name);
      expect([answer.summary.succeeded, refused.length]).toEqual([0, 1]);
      expect((await files().get(`/api/v2/symbols/${code}`)).status).toBe(200);
    });

    it('finds names written with full-width letters, blanks and wildcards', async () => {
      expect((await files().symbols('26-names.csv')).status).toBe(200);
      const found = async (q: string): Promise<string[]> => {
        const { body } = await files().get(`/api/v2/symbols?q=${encodeURIComponent(q)}`);
        return (body as { symbols: { symbol: string }[] }).symbols.map(({ symbol }) => symbol);
      };
      expect(await found('万科A')).toEqual(['000002.SZ']);
      expect(await found('京东方A')).toEqual(['000725.SZ']);
      expect(await found('*ST')).toEqual(['600078.SH']);
      expect(await found('%')).toEqual([]);
      expect(await found('payh')).toEqual(['000001.SZ']);
    });
  });

  describe('The import tool', () => {
    it('gives back every one of 1,500 refused lines', async () => {
      const { answer, refused } = await files().imported('many_bad_lines.csv');
      expect([answer.summary.failed, refused.length]).toEqual([1_500, 1_500]);
    });
  });

  describe('A dry run', () => {
    it('reports what would be refused, registered and renamed, and stores nothing', async () => {
      const header = 'code,exchange,date,open,high,low,close,volume\n';
      const lines = '688999,SSE,2024-06-03,1,1,1,1,100\n600519,SSE,2024-06-03,1,1,1,0,100\n';
      const bars = await files().csvText(header + lines, 'register=true&dry_run=true');
      expect(bars.body).toMatchObject({
        dry_run: true,
        summary: { total: 2, succeeded: 1, failed: 1 },
        registered: ['688999.SH'],
      });
      expect(refusedLines(bars)).toEqual([3]);
      expect((await files().get('/api/v2/symbols/688999.SH')).status).toBe(404);
      const list = await files().symbolsText('code,exchange,name\n600519,SSE,another name\n', 'dry_run=true');
      expect(list.body).toMatchObject({
        summary: { succeeded: 1 },
        warnings: [{ kind: 'renamed', count: 1, lines: [2] }],
      });
      expect((await files().get('/api/v2/symbols/600519.SH')).text).toContain('贵州茅台');
    });
  });
});
