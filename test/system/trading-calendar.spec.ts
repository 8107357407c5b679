import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor, recordedCases, recordedData } from '@mystocks/testing';
import { startSystem, type System } from '@mystocks/testing';
import { get, post, postCsv, type Reply } from './requests.js';

const CALENDAR = new URL('cn_trading_calendar.csv', recordedData);
const itWith = (path: URL): typeof it | typeof it.skip => (existsSync(path) ? it : it.skip);
const SOON = { timeoutMs: 10_000 };

let system: System;
let all: { readonly url: string; metrics(): Promise<string> }[];
beforeAll(async () => {
  system = await startSystem({ postgres: { replicas: 0 } });
  const second = await system.another('market-data');
  const gateway = await system.another('gateway');
  all = [system.services['market-data'], second].map(({ managementUrl }) => ({
    url: gateway.url,
    metrics: async () => (await fetch(`${managementUrl}/metrics`)).text(),
  }));
}, 90_000);
afterAll(() => system.stop(), 30_000);

const list = (start: string, end: string, url = system.url, headers: Record<string, string> = {}): Promise<Reply> =>
  get(url, `/api/v2/calendar?start=${start}&end=${end}`, system.adminToken, headers);
const daysOf = ({ body }: Reply): { date: string; provisional?: true; sessions: unknown[] }[] =>
  (body as { days: { date: string; provisional?: true; sessions: unknown[] }[] }).days;
const days = (...dates: string[]): { days: object[] } => ({ days: dates.map((date) => ({ date })) });
const store = (value: object): Promise<Reply> => post(system.url, '/api/v2/calendar', value, system.adminToken);
const daysLeft = async ({ metrics }: (typeof all)[number]): Promise<number> =>
  Number(/^trading_calendar_days_left (-?\d+)$/m.exec(await metrics())?.[1]);
const bar = (day: string): Promise<Reply> =>
  postCsv(
    system.url,
    '/api/v2/batch/bars?register=true',
    `code,exchange,date,open,high,low,close,volume\n600310,SSE,${day},10,11,9,10,100\n`,
    system.adminToken,
  );

describe('the stored trading calendar', () => {
  it('says in readiness and as a metric how long it reaches, and warns without being unready', async () => {
    const { status, body } = await system.services['market-data'].readiness();
    const left = await Promise.all(all.map(daysLeft));
    expect(status).toBe(200);
    const { calendar } = (body as { info: Record<string, Record<string, unknown>> }).info;
    expect(calendar).toMatchObject({ status: 'up', days_left: left[0] });
    expect(left[0]).toBe(left[1]);
    expect((left[0] ?? 0) < 60).toBe(calendar?.['warning'] !== undefined);
  });

  it('takes a list that goes beyond its end, and every instance follows', async () => {
    expect(daysOf(await list('2098-12-29', '2099-01-06')).every(({ provisional }) => provisional)).toBe(true);
    const before = await Promise.all(all.map(daysLeft));
    const end = daysOf(await list('2027-01-01', '2027-01-31'));
    expect(end[0]).toMatchObject({ date: '2027-01-01', provisional: true });
    const january = days('2027-01-04', '2027-01-05', '2027-01-06', '2027-01-08');
    const stored = await store(january);
    expect([stored.status, stored.body]).toEqual([
      200,
      {
        ...{ from: '2027-01-04', to: '2027-01-08', trading_days: 4, changed: 8 },
        ...{ opened: [], closed: ['2027-01-01', '2027-01-07'], calendar_to: '2027-01-08' },
      },
    ]);
    const after = { 'x-read-after': stored.headers.get('x-read-after') ?? '' };
    const expected = [
      ...['2027-01-04', '2027-01-05', '2027-01-06', '2027-01-08'].map((date) => [date, undefined]),
      ['2027-01-11', true],
    ];
    for (const url of [system.url, all[0]?.url ?? '']) {
      const shown = daysOf(await list('2027-01-01', '2027-01-11', url, after));
      expect(shown.map(({ date, provisional }) => [date, provisional])).toEqual(expected);
    }
    for (const one of all) await waitFor(async () => (await daysLeft(one)) === (before[0] ?? 0) + 8, SOON);
    expect((await store(january)).body).toMatchObject({ changed: 0, calendar_to: '2027-01-08' });
  });

  it('closes and opens days, whole or half, and bars are judged by it at once', async () => {
    expect((await bar('2024-06-14')).status).toBe(200);
    expect((await store(days('2024-06-13', '2024-06-17'))).body).toMatchObject({ closed: ['2024-06-14'], changed: 1 });
    await waitFor(async () => (await bar('2024-06-14')).status === 422, SOON);
    const refused = await bar('2024-06-14');
    expect(refused.text).toContain('2024-06-14 is not a trading day of SSE');
    const half = { date: '2024-06-14', sessions: [{ open: '09:30', close: '11:30' }] };
    const stored = await store({ days: [half] });
    expect(stored.body).toMatchObject({ opened: ['2024-06-14'] });
    // Without the position the other instance of market-data may answer, which reads the change a moment later.
    const after = { 'x-read-after': stored.headers.get('x-read-after') ?? '' };
    const [shown] = daysOf(await list('2024-06-14', '2024-06-14', system.url, after));
    expect(shown?.sessions).toEqual([{ open: '2024-06-14T09:30:00+08:00', close: '2024-06-14T11:30:00+08:00' }]);
    const csv = 'exchange,cal_date,is_open,pretrade_date\nSSE,20240614,1,20240613\nSSE,20240615,0,20240614\n';
    const again = await postCsv(system.url, '/api/v2/calendar', csv, system.adminToken);
    expect(again.body).toMatchObject({ from: '2024-06-14', to: '2024-06-15', changed: 1, opened: [], closed: [] });
  });

  it('the stored trading calendar is not changed by a list that is wrong, which is told what and where', async () => {
    const wrongs: readonly (readonly [object | string, number, string])[] = [
      ['when\n2027-01-04\n', 400, 'date, trade_date, cal_date'],
      ['date\n2027-01-04\n2027-13-04\n', 422, 'line 3 must name a real day'],
      ['cal_date,is_open\n20270104,1\n20270104,0\n', 422, 'line 3 says something else'],
      ['exchange,cal_date,is_open\nCFFEX,20270104,1\n', 422, 'CFFEX'],
      ['date,close\n2024-06-14,10\n2024-06-21,11\n', 422, 'line 1 names the column close'],
      ['date\n2029-01-04\n', 422, 'must go on from 2027-01-09'],
      ['date\n', 400, 'no days'],
      ['cal_date,is_open\n20240613,0\n20240614,0\n20240617,0\n', 422, 'names only closed days'],
      [{ days: [{ date: '2024-06-14', sessions: [] }] }, 422, 'names only closed days'],
      [days('2026-01-05', '2026-03-02'), 422, 'leaves out 55 days in a row'],
      [days('1990-12-18'), 422, 'begins on 1990-12-19'],
      [{ days: [{ date: '2027-01-11', sessions: [{ open: '10:00', close: '11:30' }] }] }, 422, '/days/0'],
      [{ days: {} }, 400, 'days'],
    ];
    for (const [given, status, what] of wrongs) {
      const reply =
        typeof given === 'string'
          ? await postCsv(system.url, '/api/v2/calendar', given, system.adminToken)
          : await store(given);
      expect([given, reply.status]).toEqual([given, status]);
      expect(reply.text).toContain(what);
    }
    expect((await post(system.url, '/api/v2/calendar', days('2027-01-11'))).status).toBe(401);
  });

  itWith(CALENDAR)('is unchanged by the calendar of the exchanges (skipped where it is not here)', async () => {
    const csv = readFileSync(CALENDAR);
    expect((await postCsv(system.url, '/api/v2/calendar', csv, system.adminToken)).body).toEqual({
      ...{ from: '1990-12-19', to: '2026-12-31', trading_days: 8_797, changed: 0, opened: [], closed: [] },
      calendar_to: '2027-01-08',
    });
  });
});

describe('bars and quotes of closed days', () => {
  itWith(recordedCases)('are refused by their line in the cases (skipped where they are not here)', async () => {
    const symbols = 'code,exchange,name\n609302,SSE,A\n688981,SSE,B\n600519,SSE,C\n609306,SSE,D\n';
    await postCsv(system.url, '/api/v2/batch/symbols', symbols, system.adminToken);
    const send = async (name: string, query = ''): Promise<unknown> => {
      const csv = readFileSync(new URL(name, recordedCases));
      const { body } = await postCsv(system.url, `/api/v2/batch/bars${query}`, csv, system.adminToken);
      const { items } = body as { items: { line: number; status: number; error?: { message: string } }[] };
      return items.filter(({ status }) => status >= 400).map(({ line, error }) => `${line} ${error?.message ?? ''}`);
    };
    expect(await send('holiday_bar.csv')).toEqual([
      '2 2024-10-01 is not a trading day of SSE',
      '3 2024-10-06 is not a trading day of SSE',
    ]);
    expect(await send('37-closed-days.csv')).toEqual([
      '2 2023-10-06 is not a trading day of SSE',
      '3 2024-06-15 is not a trading day of SSE',
    ]);
    expect(await send('one_bar_a_day.csv', '?timeframe=15Min')).toEqual([]);
    const name = '34-stamped-at-start-30min.csv';
    expect(await send(name, '?timeframe=30Min')).toHaveLength(8);
    expect(await send(name, '?timeframe=30Min&stamps=start')).toEqual([]);
    const { body } = await get(
      system.url,
      '/api/v2/stocks/688981.SH/bars?timeframe=30Min&start=2024-07-05&end=2024-07-05',
      system.adminToken,
    );
    const { bars } = body as { bars: { t: string; v: number }[] };
    expect(bars.map(({ t, v }) => [t.slice(11, 16), v])).toEqual(
      ['10:00', '10:30', '11:00', '11:30', '13:30', '14:00', '14:30', '15:00'].map((time) => [time, 30]),
    );
  });

  it('bars and quotes of closed days are refused one by one in a batch of quotes, but for simulated ones', async () => {
    await bar('2024-06-13');
    const quote = (t: string, simulated = false): object => ({ symbol: '600310.SH', t, last: 10, simulated });
    const reply = await post(
      system.url,
      '/api/v2/quotes',
      {
        quotes: [
          quote('2024-06-09T10:00:00+08:00'),
          quote('2024-06-12T10:00:00+08:00'),
          quote('2024-06-16T10:00:00+08:00', true),
        ],
      },
      system.adminToken,
    );
    expect(reply.body).toMatchObject({ summary: { succeeded: 2, failed: 1 } });
    expect(reply.text).toContain('2024-06-09 is not a trading day of SSE');
  });
});
