import { builtInDays, isTradingDay, useCalendar, type DayStates } from '@mystocks/calendar';
import { calendarChanged } from '@mystocks/contracts';
import { FakeBus, waitFor } from '@mystocks/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { IngestTransactions } from '../transactions/ingest-transactions.js';
import { TradingDaysRepository } from './trading-days.repository.js';
import { TradingDaysService } from './trading-days.service.js';

interface Opened {
  readonly days: TradingDaysService;
  readonly bus: FakeBus;
  readonly held: () => number;
  /** How often the stored days were read. */
  readonly reads: () => number;
  /** Another instance stores these days. */
  readonly storeElsewhere: (days: DayStates) => void;
}

const service = (stored: DayStates | undefined): Opened => {
  let held = stored;
  let reads = 0;
  const repository = {
    position: () => Promise.resolve('0/1'),
    read: () => {
      reads += 1;
      return Promise.resolve(held);
    },
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
  const storeElsewhere = (other: DayStates): void => {
    held = other;
  };
  return { days, bus, held: () => held?.states.length ?? 0, reads: () => reads, storeElsewhere };
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
  await waitFor(() => held() === builtInDays().states.length, { timeoutMs: 10_000, what: 'the calendar to be stored' });
  await days.showing('0/1');
  return bus.published.map(({ subject }) => subject);
}

describe('a release that starts and knows more days than are stored', () => {
  it('publishes nothing at the first start: every instance has the same days already', async () => {
    expect(await announcedBy(undefined)).toEqual([]);
  });

  it('announces the change where it adds days to stored ones', async () => {
    const { from, states } = builtInDays();
    expect(await announcedBy({ from, states: states.slice(0, -365) })).toEqual([calendarChanged.subject]);
  });
});

describe('an instance of which another one changes the calendar', () => {
  const SATURDAY = '2024-06-15';
  const withSaturday = (): DayStates => {
    const { from, states } = builtInDays();
    const at = Math.round((Date.parse(SATURDAY) - Date.parse(from)) / 86_400_000);
    return { from, states: `${states.slice(0, at)}3${states.slice(at + 1)}` };
  };
  const announced = ({ bus }: Opened): number => bus.published.length;

  async function open(): Promise<Opened & { readonly other: FakeBus }> {
    const opened = service(builtInDays());
    started = opened.days;
    opened.days.onModuleInit();
    await opened.days.showing('0/1');
    const other = opened.bus.beside('market-data');
    for (const bus of [other, opened.bus]) bus.tick(500);
    opened.storeElsewhere(withSaturday());
    return { ...opened, other };
  }
  const followed = (): Promise<unknown> =>
    waitFor(() => isTradingDay(SATURDAY), { timeoutMs: 10_000, what: 'the change to be followed' });

  it('follows the announced change, and does not announce it again', async () => {
    const instance = await open();
    instance.other.publish(calendarChanged, { lsn: '0/2' });
    await followed();
    expect(announced(instance)).toBe(0);
  });

  it('follows a change whose event was lost, and announces it, because caches may hold answers by the old days', async () => {
    const instance = await open();
    instance.other.lose(1);
    instance.other.publish(calendarChanged, { lsn: '0/2' });
    for (let nowMs = 750; nowMs <= 3_000; nowMs += 250) {
      for (const bus of [instance.other, instance.bus]) bus.tick(nowMs);
    }
    await followed();
    await waitFor(() => announced(instance) === 1, { timeoutMs: 10_000, what: 'the change to be announced' });
  });

  it('follows a change made while it was not connected, and announces it', async () => {
    const instance = await open();
    instance.bus.setConnected(false);
    instance.other.lose(1);
    instance.other.publish(calendarChanged, { lsn: '0/2' });
    instance.bus.setConnected(true);
    await followed();
    await waitFor(() => announced(instance) === 1, { timeoutMs: 10_000, what: 'the change to be announced' });
  });
});

describe('a log position that lies beyond the log', () => {
  it('does not make later readers take the calendar in memory for a newer one', async () => {
    const { days, bus, reads } = service(builtInDays());
    started = days;
    days.onModuleInit();
    bus.beside('another').publish(calendarChanged, { lsn: 'FFFFFFFF/FFFFFFFF' });
    await days.showing('FFFFFFFF/FFFFFFFF');
    const before = reads();
    await days.showing('0/2');
    expect(reads()).toBe(before + 1);
    await days.showing('0/1');
    expect(reads()).toBe(before + 1);
  });
});
