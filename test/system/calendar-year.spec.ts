import { beforeAll, describe, expect, it } from '@jest/globals';
import { haveRealData, realFile } from './real-data.js';
import { chinaText, type VirtualMarket } from './virtual-market.js';
import { playYear, standingCount } from './virtual-year.js';
import { YearLedger } from './year-ledger.js';

const published = haveRealData ? realFile('cn_trading_calendar.csv').trimEnd().split('\n') : [];
const tradingDays = published.filter((day) => day >= '2022' && day < '2026-02');
const china = (text: string): number => Date.parse(`${text}+08:00`);

/** As the exchanges announced them: the last trading day before each rest, and the first after it. */
const rests: Readonly<Record<number, readonly (readonly [string, string, string])[]>> = {
  2024: [
    ['an ordinary night', '2024-06-12', '2024-06-13'],
    ['a weekend', '2024-06-14', '2024-06-17'],
    ['the Spring Festival, its eve and a Sunday on which offices worked', '2024-02-08', '2024-02-19'],
    ['Tomb-Sweeping Day', '2024-04-03', '2024-04-08'],
    ['the days of labour', '2024-04-30', '2024-05-06'],
    ['the Dragon Boat Festival', '2024-06-07', '2024-06-11'],
    ['the Mid-Autumn Festival', '2024-09-13', '2024-09-18'],
    ['the National Day week', '2024-09-30', '2024-10-08'],
  ],
  2025: [
    ['the Spring Festival and a Sunday on which offices worked', '2025-01-27', '2025-02-05'],
    ['Tomb-Sweeping Day', '2025-04-03', '2025-04-07'],
    ['the days of labour', '2025-04-30', '2025-05-06'],
    ['the Dragon Boat Festival', '2025-05-30', '2025-06-03'],
    ['National Day and the Mid-Autumn Festival in one', '2025-09-30', '2025-10-09'],
  ],
};

const title = 'a year of reads on the calendar of the exchanges (skipped where the recorded data are not there)';
(haveRealData ? describe : describe.skip)(title, () => {
  describe.each([2024, 2025])('%d', (year) => {
    const ledger = new YearLedger(new Set(tradingDays));
    let market: VirtualMarket;

    beforeAll(async () => {
      market = await playYear(year, tradingDays, (read, owner) => ledger.note(read, owner));
      const { reads, calls, openings, comparedAtRest, staleMarked } = ledger;
      process.stdout.write(`${year}: ${JSON.stringify({ reads, calls, openings, comparedAtRest, staleMarked })}\n`);
    }, 600_000);

    it('asks the owner nothing while the market rests, but for the first read of each answer there', () => {
      expect(ledger.calls.restingAgain).toBe(0);
      expect(ledger.calls.restingFirst).toBeGreaterThan(0);
    });

    it('asks the owner anew with the first read of each answer once the market moves', () => {
      const days = tradingDays.filter((day) => day.startsWith(String(year))).length;
      const openings = 2 * days * standingCount;
      expect(ledger.openings).toEqual({ reads: openings, asked: openings });
    });

    it('keeps every entity tag while the market rests', () => {
      expect(ledger.faults.tags).toEqual([]);
    });

    it('answers at rest, word for word, what the owner would say at that moment', () => {
      expect(ledger.faults.contents).toEqual([]);
      expect(ledger.comparedAtRest).toBeGreaterThan(ledger.reads / 4);
    });

    it('calls nothing live that is 15 s behind or rests, and tells no phase that is over', () => {
      expect(ledger.faults.labels).toEqual([]);
    });

    it('shows no quote older than 3 s and no bars older than 30 min while the market moves, but marked stale', () => {
      expect(ledger.faults.ages).toEqual([]);
      expect(ledger.staleMarked).toBeGreaterThan(0);
    });

    it('asks once a year for closed history, of any frame', () => {
      expect(ledger.closedCalls).toEqual({
        ...{ 'closed days': 1, 'closed weeks': 1, 'closed minutes': 1, 'closed and adjusted': 1 },
      });
    });

    it.each(rests[year] ?? [])(
      'asks for each answer once over %s, from the close of %s to %s 09:15',
      (_, last, next) => {
        const from = china(`${last}T15:00:00`);
        const asked = market.asked.filter(({ atMs }) => atMs >= from && atMs < china(`${next}T09:15:00`));
        const isOfOneDay = ({ request }: { request: object }): boolean => 'start' in request;
        const lasting = asked.filter((one) => !isOfOneDay(one));
        expect(new Set(lasting.map(({ atMs }) => chinaText(atMs)))).toEqual(new Set([chinaText(from)]));
        expect(new Set(lasting.map((one) => JSON.stringify([one.subject, one.request]))).size).toBe(lasting.length);
        expect(lasting).toHaveLength(standingCount);
        // Those of one day: the day that ended, and once each day since.
        const days = (china(`${next}T00:00:00`) - china(`${last}T00:00:00`)) / 86_400_000;
        expect(asked.filter(isOfOneDay)).toHaveLength(days + 1);
      },
    );
  });
});
