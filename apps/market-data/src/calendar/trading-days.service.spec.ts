import { builtInDays, useCalendar, type DayStates } from '@mystocks/calendar';
import { calendarChanged } from '@mystocks/contracts';
import { FakeBus, waitFor } from '@mystocks/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { IngestTransactions } from '../ingest/ingest-transactions.js';
import { TradingDaysRepository } from './trading-days.repository.js';
import { TradingDaysService } from './trading-days.service.js';

const service = (stored: DayStates | undefined): { days: TradingDaysService; bus: FakeBus; held: () => number } => {
  let held = stored;
  const repository = {
    read: () => Promise.resolve(held),
    hold: () => Promise.resolve(held),
    put: (_client: unknown, { from, states }: DayStates) => {
      held = held === undefined ? { from, states } : { from: held.from, states: held.states + states };
      return Promise.resolve();
    },
  };
  const transactions = {
    run: async (work: (of: { client: unknown }) => Promise<boolean>) => ({
      value: await work({ client: {} }),
      lsn: '0/1',
    }),
  };
  const bus = new FakeBus();
  const days = new TradingDaysService(
    repository as unknown as TradingDaysRepository,
    transactions as unknown as IngestTransactions,
    bus.bus,
    { now: () => Date.now() },
  );
  return { days, bus, held: () => held?.states.length ?? 0 };
};

let started: TradingDaysService | undefined;
afterEach(() => {
  started?.onModuleDestroy();
  useCalendar(builtInDays());
});

/** What is announced while the calendar is stored by a release that starts. */
async function announcedBy(stored: DayStates | undefined): Promise<string[]> {
  const { days, bus, held } = service(stored);
  started = days;
  days.onModuleInit();
  await waitFor(() => held() === builtInDays().states.length, { timeoutMs: 2_000, what: 'the calendar to be stored' });
  await days.showing('0/1');
  return bus.published.map(({ subject }) => subject);
}

describe('a release that starts and knows more days than are stored', () => {
  it('announces nothing at the first start: everybody answers by the same days already', async () => {
    expect(await announcedBy(undefined)).toEqual([]);
  });

  it('announces the change where it adds days to stored ones', async () => {
    const { from, states } = builtInDays();
    expect(await announcedBy({ from, states: states.slice(0, -365) })).toEqual([calendarChanged.subject]);
  });
});
