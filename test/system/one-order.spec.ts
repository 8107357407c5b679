import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { tradingDays } from '@mystocks/calendar';
import { get, postCsv, startHouse, type House } from './house.js';
import { ended, upload } from './uploads-help.js';

const TWICE = 60;
const days = tradingDays('2010-01-04', '2022-12-30');
/** The first trading day of a month of 2021. */
const firstOf = (month: string): string => days.find((day) => day.startsWith(`2021-${month}`)) ?? '';

let house: House;
beforeAll(async () => {
  house = await startHouse();
  await house.another('market-data');
}, 60_000);
afterAll(async () => {
  await house.stop();
}, 30_000);

/**
 * Bars stand twice, 11,000 lines apart in the middle of the file: the first time with close 10, then with close 50. Every
 * second one has no amount the second time, so that it keeps the amount of the first line, which is another in each file.
 */
function duplicateLines(amount: number): string {
  const lines = ['code,exchange,date,open,high,low,close,volume,amount'];
  const fill = (from: number, to: number): void => {
    for (let n = from; n < to; n += 1) {
      const day = days[n % 3_000] ?? '';
      const code = 609_400 + Math.floor(n / 3_000);
      lines.push(`${String(code)},SSE,${day},10.1234,10.5678,9.8765,10.4321,123456789,1234567890.12`);
    }
  };
  const put = (v: number, amountOf: (n: number) => string): void => {
    for (let n = 0; n < TWICE; n += 1) {
      const [code, month] = [609_500 + n, String(1 + (n % 12)).padStart(2, '0')];
      lines.push(`${String(code)},SSE,${firstOf(month)},${`${String(v)},`.repeat(4)}${String(100 * v)},${amountOf(n)}`);
    }
  };
  fill(0, 35_000);
  put(10, () => String(amount));
  fill(35_000, 46_000);
  put(50, (n) => (n % 2 === 0 ? '' : '50000'));
  fill(46_000, 66_000);
  return `${lines.join('\n')}\n`;
}

// The first of them is line 35,002: the header is line 1.
const superseded = {
  count: TWICE,
  lines: Array.from({ length: TWICE }, (_, n) => ({ line: 35_002 + n, by: 35_002 + n + 11_000 + TWICE })),
};

async function standing(): Promise<[number, number][]> {
  const symbols = Array.from({ length: TWICE }, (_, n) => `${String(609_500 + n)}.SH`).join(',');
  const { body } = await get(
    house.url,
    `/api/v2/stocks/bars?symbols=${symbols}&start=2021-01-01&end=2021-12-31`,
    house.adminToken,
  );
  return Object.values((body as { bars: Record<string, { c: number; amt: number }[]> }).bars).flatMap((bars) =>
    bars.map(({ c, amt }): [number, number] => [c, amt]),
  );
}

const expected = (amount: number): [number, number][] =>
  Array.from({ length: TWICE }, (_, n) => [50, n % 2 === 0 ? amount : 50_000]);

describe('a file in which bars stand twice, far apart', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'ends with the last line of each as a batch of %i blocks at once',
    async (atOnce) => {
      const { status, body } = await postCsv(
        house.url,
        `/api/v2/batch/bars?register=true&concurrency=${String(atOnce)}`,
        duplicateLines(10_000 + atOnce),
        house.adminToken,
      );
      expect(status).toBe(200);
      expect(body).toMatchObject({ summary: { total: 66_120, succeeded: 66_120, failed: 0 }, superseded });
      expect(await standing()).toEqual(expected(10_000 + atOnce));
    },
  );

  it.each([1, 4, 8])('ends with the last line of each as an upload of %i blocks at once', async (atOnce) => {
    const sent = await upload(house, duplicateLines(11_000 + atOnce), `register=true&concurrency=${String(atOnce)}`);
    const operation = await ended(house, sent.headers.get('location'));
    expect(operation).toMatchObject({ status: 'succeeded', result: { summary: { total: 66_120 }, superseded } });
    expect(await standing()).toEqual(expected(11_000 + atOnce));
  });

  it('ends with the last line of each when it is stored whole or not at all', async () => {
    const sent = await upload(house, duplicateLines(12_000), 'register=true&on_error=abort');
    const operation = await ended(house, sent.headers.get('location'));
    expect(operation).toMatchObject({ status: 'succeeded', result: { summary: { total: 66_120 }, superseded } });
    expect(await standing()).toEqual(expected(12_000));
  });
});
