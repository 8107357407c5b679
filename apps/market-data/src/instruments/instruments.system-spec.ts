import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import type { IngestBarsRequest, IngestReport, ListInstrumentsRequest } from '@mystocks/contracts';
import { openIngest, request, type Ingest } from '../../test/open-ingest.js';
import { recordedCases } from '@mystocks/testing';

const withCases = existsSync(recordedCases) ? describe : describe.skip;
const BARS = 'code,exchange,date,open,high,low,close,volume';
const NAMES = 'code,exchange,name';

let room: Ingest;

beforeAll(async () => {
  room = await openIngest();
}, 60_000);
afterAll(() => room.stop());

function caseFile(name: string, more: Partial<IngestBarsRequest> = {}): IngestBarsRequest {
  const [header = '', ...lines] = readFileSync(new URL(name, recordedCases), 'utf8').split('\n');
  return request(header, lines.join('\n'), more);
}
const list = (header: string, ...lines: string[]): Promise<IngestReport> =>
  room.lists.ingest(request(header, lines.join('\n')));
const bars = (...lines: string[]): Promise<IngestReport> =>
  room.bars.ingest(request(BARS, lines.map((line) => `${line},2024-06-14,10,11,9,10,100`).join('\n')));
interface Found {
  readonly symbols: readonly { readonly symbol: string }[];
  readonly next_page_token: string | null;
}
const searchPage = async (asked: Partial<ListInstrumentsRequest>): Promise<Found> =>
  JSON.parse((await room.instruments.list({ limit: 100, ...asked })).body.toString()) as Found;
const search = async (asked: Partial<ListInstrumentsRequest>): Promise<string[]> =>
  (await searchPage(asked)).symbols.map(({ symbol }) => symbol);
const refusedLines = ({ items }: IngestReport): (number | string | undefined)[][] =>
  items.filter(({ status }) => status >= 400).map(({ line, message }) => [line, message]);
const known = async (symbol: string): Promise<unknown> => {
  const text = `SELECT name, kind, status FROM market_data.instruments WHERE symbol = '${symbol}'`;
  return (await room.rows(text))[0];
};

withCases('the cases of wrong codes (recorded cases)', () => {
  beforeAll(async () => {
    await room.lists.ingest(caseFile('00-instruments.csv'));
  });

  it('stores the index line of 23-index-or-stock.csv and refuses the three others by line', async () => {
    const report = await room.bars.ingest(caseFile('23-index-or-stock.csv'));
    expect(report).toMatchObject({ total: 4, inserted: 1, failed: 3, registered: [] });
    expect(refusedLines(report)).toEqual([
      [3, 'IDX says index, but 000001.SZ is a stock'],
      [4, 'IDX says index, but 600000.SH is a stock'],
      [5, expect.stringContaining('000001.SH is an index')],
    ]);
  });

  it.each([
    ['24-wrong-exchange.csv', '600519', '600519.SZ'],
    ['wrong_exchange.csv', '601318', '601318.SZ'],
  ])('registers nothing for %s, says so, and the bare code %s goes on naming one instrument', async (file, code) => {
    for (const register of [true, false]) {
      const report = await room.bars.ingest(caseFile(file, { register }));
      expect(report).toMatchObject({ failed: 1, inserted: 0, registered: [] });
      expect(refusedLines(report)).toEqual([[2, expect.stringContaining(`SZSE has no code ${code}, but SSE may`)]]);
    }
    await expect(room.directory.resolve(code)).resolves.toMatchObject({ symbol: `${code}.SH` });
    await expect(room.blocks.check(caseFile(file, { on_error: 'abort' }))).resolves.toMatchObject({
      refused: [{ line: 2, status: 404 }],
    });
  });
});

withCases('26-names.csv (recorded cases)', () => {
  it.each([
    ['万科A', ['000002.SZ']],
    ['京东方A', ['000725.SZ']],
    ['*ST', ['600078.SH']],
    ['%', []],
    ['wka', ['000002.SZ']],
    ['jingdongfang', ['000725.SZ']],
  ])('finds %s', async (q, expected) => {
    await room.lists.ingest(caseFile('26-names.csv'));
    expect(await search({ q })).toEqual(expected);
  });
});

describe('the search for instruments', () => {
  beforeAll(async () => {
    const bank = ['601998,SSE,中信银行', '600015,SSE,华夏银行', '600016,SSE,民生银行', '002142,SZSE,宁波银行'];
    await list(NAMES, ...bank);
    await list(`${NAMES},status`, '600001,SSE,旧银行,delisted');
  });

  it('finds codes by their start and a symbol in any spelling', async () => {
    expect(await search({ q: '6019' })).toEqual(['601998.SH']);
    expect(await search({ q: 'sh601998' })).toEqual(['601998.SH']);
    expect(await search({ q: '６０１９９８．XSHG' })).toEqual(['601998.SH']);
  });

  it('keeps to its filters and gives every instrument once over all pages', async () => {
    const whole = await search({ q: 'yinhang' });
    expect(whole).toEqual(expect.arrayContaining(['002142.SZ', '600001.SH', '600015.SH', '600016.SH', '601998.SH']));
    const paged: string[] = [];
    for (let token: string | undefined; ;) {
      const page = await searchPage({ q: 'yinhang', limit: 2, ...(token === undefined ? {} : { page_token: token }) });
      paged.push(...page.symbols.map(({ symbol }) => symbol));
      if (page.next_page_token === null) break;
      token = page.next_page_token;
    }
    expect(paged).toEqual(whole);
    expect(await search({ q: 'yinhang', status: 'delisted' })).toEqual(['600001.SH']);
    expect(await search({ q: '宁波', exchange: 'SSE' })).toEqual([]);
  });

  it('refuses a blank text and finds nothing for one that matches no name', async () => {
    await expect(search({ q: ' \u3000' })).rejects.toMatchObject({ code: 'invalid' });
    expect(await search({ q: 'no such name' })).toEqual([]);
  });
});

describe('names in a list of instruments', () => {
  it('names in a list of instruments are counted in a warning where they replace other names, and not where they are new or the same', async () => {
    expect(await list(NAMES, '600401,SSE,one', '600402,SSE,two', '600403,SSE,three')).not.toHaveProperty('warnings');
    const report = await list(NAMES, '600404,SSE,new', '600401,SSE,two', '600402,SSE,three', '600403,SSE,three');
    expect(report.warnings).toEqual([
      { kind: 'renamed', count: 2, lines: [3, 4], message: expect.stringContaining('other names') },
    ]);
  });
});

describe('registering by a file of bars', () => {
  it('names what it registered and refuses what the exchange cannot have', async () => {
    const report = await bars('600037,SSE', '600037,SZSE', '510500,SSE', 'IDX399300,SZSE');
    expect(report).toMatchObject({ inserted: 3, failed: 1, registered: ['399300.SZ', '510500.SH', '600037.SH'] });
    expect(refusedLines(report)).toEqual([[3, expect.stringContaining('SZSE has no code 600037')]]);
    expect(await known('510500.SH')).toMatchObject({ kind: 'fund', status: 'unlisted' });
    expect(await known('399300.SZ')).toMatchObject({ kind: 'index', status: 'unlisted' });
  });

  it('accepts a code that no exchange gives out once an instrument list names it', async () => {
    expect(await bars('999999,SSE')).toMatchObject({ failed: 1, registered: [] });
    expect(await list(NAMES, '999999,SSE,test')).toMatchObject({ inserted: 1 });
    expect(await bars('999999,SSE')).toMatchObject({ inserted: 1, failed: 0 });
    expect(await known('999999.SH')).toMatchObject({ kind: 'stock' });
  });
});

describe('kinds in a list of instruments', () => {
  it('kinds in a list of instruments come from its column, else from the number, and stay when a later list does not say them', async () => {
    await list(
      `${NAMES},kind`,
      '600101,SSE,one,',
      '510101,SSE,two,',
      '800001,SSE,three,index',
      '600102,SSE,four,index',
    );
    const kinds = async (): Promise<unknown[]> =>
      Promise.all(['600101.SH', '510101.SH', '800001.SH', '600102.SH'].map(known));
    const expected = [{ kind: 'stock' }, { kind: 'fund' }, { kind: 'index' }, { kind: 'index' }];
    expect(await kinds()).toMatchObject(expected);
    const again = await list(NAMES, '600101,SSE,one', '510101,SSE,two', '800001,SSE,three', '600102,SSE,four');
    expect(again).toMatchObject({ unchanged: 4 });
    expect(await kinds()).toMatchObject(expected);
    await list(`${NAMES},kind`, '600102,SSE,four,stock');
    expect(await known('600102.SH')).toMatchObject({ kind: 'stock' });
  });

  it('kinds in a list of instruments are refused where they are unknown or contradict the spelling', async () => {
    await list(NAMES, '600103,SSE,one');
    const report = await list(
      `${NAMES},kind`,
      '600104,SSE,x,share',
      'IDX600105,SSE,x,stock',
      'IDX600103,SSE,x,',
      'IDX000003,SZSE,x,',
      'IDX600106,SSE,x,index',
    );
    expect(refusedLines(report)).toEqual([
      [2, 'kind must be one of stock, index, fund, bond'],
      [3, 'IDX says index, but 600105.SH is a stock'],
      [4, 'IDX says index, but 600103.SH is a stock'],
      [5, 'IDX says index, but 000003.SZ is a stock'],
    ]);
    expect(await known('600103.SH')).toMatchObject({ kind: 'stock', name: 'one' });
    expect(await known('600106.SH')).toMatchObject({ kind: 'index' });
  });
});
