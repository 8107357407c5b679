import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { gb18030Bytes } from '@mystocks/testing';
import { startSystem, type System } from '@mystocks/testing';
import { get, postCsv, type Reply } from './requests.js';
import { ended, upload } from './uploads-help.js';

let system: System;
beforeAll(async () => {
  system = await startSystem();
  const list = 'symbol,name\n600000.SH,浦发银行\n000001.SZ,平安银行\n';
  await postCsv(system.url, '/api/v2/batch/symbols', list, system.adminToken);
}, 60_000);
afterAll(async () => {
  await system.stop();
}, 30_000);

const batch = (text: string | Buffer, query = ''): Promise<Reply> =>
  postCsv(system.url, `/api/v2/batch/bars?${query}`, text, system.adminToken);
async function bars(symbol: string, query: string): Promise<unknown> {
  const { body } = await get(system.url, `/api/v2/stocks/${symbol}/bars?${query}`, system.adminToken);
  return (body as { bars: unknown }).bars;
}

const title = '600000 浦发银行 日线 不复权';
const names = '      日期\t    开盘\t    最高\t    最低\t    收盘\t    成交量\t    成交额';
const line = (day: string): string => `${day}\t12.47\t12.64\t12.45\t12.47\t51629079\t647446144.00`;
const tdx = (...days: string[]): string => [title, names, ...days.map(line), '数据来源:通达信', ''].join('\r\n');
const bar = (day: string): object => ({
  ...{ t: `${day}T00:00:00+08:00`, o: 12.47, h: 12.64, l: 12.45, c: 12.47, v: 51_629_079, amt: 647_446_144 },
});

describe('an export of TDX in GBK', () => {
  it('an export of TDX in GBK is stored by a batch, with the instrument of its title', async () => {
    const reply = await batch(gb18030Bytes(tdx('2020/01/02', '2020/01/03')));
    expect([reply.status, reply.body]).toMatchObject([
      200,
      { format: 'tdx', encoding: 'gb18030', summary: { total: 2, inserted: 2 }, items: [{ line: 3 }, { line: 4 }] },
    ]);
    expect(await bars('600000.SH', 'timeframe=1Day&start=2020-01-01&end=2020-01-05')).toEqual(
      ['2020-01-02', '2020-01-03'].map(bar),
    );
  });

  it('an export of TDX in GBK is stored by an upload, whose file name must fit the title', async () => {
    const text = gb18030Bytes(tdx('2020/01/06'));
    const reply = await upload(system, text, '', { name: 'SH#600000.txt' });
    expect(await ended(system, reply.headers.get('location'))).toMatchObject({
      status: 'succeeded',
      result: { format: 'tdx', encoding: 'gb18030', summary: { total: 1, inserted: 1 } },
    });
    expect(await bars('600000.SH', 'timeframe=1Day&start=2020-01-06&end=2020-01-06')).toEqual([bar('2020-01-06')]);
    const other = await upload(system, text, '', { name: 'SZ#000001.txt' });
    expect([other.status, other.body]).toMatchObject([422, { detail: expect.stringContaining('names 600000') }]);
  });
});

describe('a file without a column for its instrument', () => {
  const sina = 'day,open,high,low,close,volume\n2020-01-02 09:35:00,16.65,16.70,16.60,16.69,3100000\n';

  it('takes it from the name of the file', async () => {
    const reply = await upload(system, sina, 'timeframe=5Min', { name: 'sz000001.csv' });
    expect(await ended(system, reply.headers.get('location'))).toMatchObject({ result: { format: 'sina' } });
    expect(await bars('000001.SZ', 'timeframe=5Min&start=2020-01-02&end=2020-01-02')).toMatchObject([
      { t: '2020-01-02T09:35:00+08:00', c: 16.69, v: 3_100_000 },
    ]);
  });

  it('a file without a column for its instrument is refused in one sentence that names the option where nothing says it', async () => {
    const reply = await batch(sina, 'timeframe=5Min');
    expect([reply.status, reply.body]).toMatchObject([422, { detail: expect.stringContaining('symbol=600519.SH') }]);
  });
});

describe('a file in lots', () => {
  it('a file in lots is converted, and says how', async () => {
    const text =
      'ts_code,trade_date,open,high,low,close,vol,amount\n000001.SZ,20200102,16.65,16.95,16.55,16.87,1530231.87,2571196.482\n';
    const reply = await batch(text);
    expect(reply.body).toMatchObject({ format: 'tushare', conversion: 'volume × 100, amount × 1,000', warnings: [] });
    expect(await bars('000001.SZ', 'timeframe=1Day&start=2020-01-02&end=2020-01-02')).toMatchObject([
      { v: 153_023_187, amt: 2_571_196_482 },
    ]);
  });

  it('a file in lots is stored with a warning when it says shares', async () => {
    const text =
      'code,exchange,date,open,high,low,close,volume,amount\n000001,SZSE,2020-01-03,16.94,17.31,16.92,17.18,1116194.81,1914495.474\n';
    const refused = await batch(text);
    expect([refused.status, refused.body]).toMatchObject([
      422,
      { items: [{ error: { message: expect.stringContaining('whole number') } }] },
    ]);
    const reply = await batch(text.replace('1116194.81', '1116194').replace('1914495.474', '1914495474'));
    expect([reply.status, reply.body]).toMatchObject([
      200,
      {
        format: 'mystocks',
        warnings: [{ kind: 'units', count: 1, lines: [2], message: expect.stringContaining('lots') }],
      },
    ]);
  });
});

describe('a suspended day of baostock', () => {
  it('a suspended day of baostock is stored without volume and told apart', async () => {
    const header = 'date,code,open,high,low,close,preclose,volume,amount,adjustflag,turn,tradestatus,pctChg,isST';
    const text = `${header}\n2020-02-03,sh.600000,11.5,11.5,11.5,11.5,11.5,,,3,,0,0,0\n`;
    const reply = await batch(text);
    expect([reply.status, reply.body]).toMatchObject([200, { format: 'baostock', summary: { inserted: 1 } }]);
    expect(await bars('600000.SH', 'timeframe=1Day&start=2020-02-03&end=2020-02-03')).toMatchObject([
      { c: 11.5, v: 0, suspended: true },
    ]);
  });
});
