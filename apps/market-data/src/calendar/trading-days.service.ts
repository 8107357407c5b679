import { Bus } from '@mystocks/bus';
import { builtInDays, calendarRange, CalendarCopy, chinaDay, dayStart, type DayStates } from '@mystocks/calendar';
import { calendarChanged, type StoreCalendarRequest, type StoredCalendar, type TradingDays } from '@mystocks/contracts';
import type { Check } from '@mystocks/health';
import { compareLsn, laterLsn, Clock, type Lsn } from '@mystocks/kernel';
import { log, metrics } from '@mystocks/telemetry';
import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { IngestTransactions } from '../transactions/ingest-transactions.js';
import { readCalendarList } from './calendar-list.js';
import { beyond, changesOf, daysToWrite, lastDay } from './merged-days.js';
import { TradingDaysRepository } from './trading-days.repository.js';

const DAY_MS = 86_400_000;
const WARN_DAYS = 60;
/** The position that a published event names when the position of the missed write is unknown. */
const BEFORE_ALL: Lsn = '0/0';

/**
 * The stored trading calendar. Each instance reads its own copy (libs/calendar), which starts with the days built into the
 * release and then follows the stored ones. Days of the release beyond the last stored day are added to the stored ones.
 */
@Injectable()
export class TradingDaysService implements OnModuleInit, OnModuleDestroy {
  readonly #copy = new CalendarCopy(
    () => this.#load(),
    (error) => {
      log.warn({ err: error }, 'the trading calendar could not be loaded again');
    },
  );
  #loadedAfter: Lsn | undefined;
  /** The days of the latest load. */
  #days: DayStates | undefined;
  /** The change that the next load finds has been published as an event. */
  #isPublished = false;
  #warnedOf = '';
  #stopWatching: () => void = () => undefined;
  #following: { stop(): void } | undefined;

  constructor(
    private readonly repository: TradingDaysRepository,
    private readonly transactions: IngestTransactions,
    private readonly bus: Bus,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.#stopWatching = metrics.tradingCalendarDaysLeft.watch(() => [{ labels: [], value: this.daysLeft }]);
    const reload = (): void => {
      void this.#copy.refresh();
    };
    const follow = (): void => {
      this.#isPublished = true;
      void this.#refresh();
    };
    this.#following = this.bus.subscribe(calendarChanged, follow, { onGap: reload });
    this.bus.onConnectionChange((connected) => {
      if (connected) reload();
    });
    this.#copy.start();
  }

  onModuleDestroy(): void {
    this.#stopWatching();
    this.#following?.stop();
    this.#copy.stop();
  }

  /** Days from today to the last one that the calendar states. */
  get daysLeft(): number {
    return Math.round((dayStart(calendarRange().to) - dayStart(chinaDay(this.clock.now()))) / DAY_MS);
  }

  /** This check never fails. Its detail shows the last day of the calendar, with a warning when that day is near. */
  check(): Check {
    const detail = (): Readonly<Record<string, string | number>> => {
      const days = this.daysLeft;
      const end = { ends_on: calendarRange().to, days_left: days };
      return days >= WARN_DAYS ? end : { ...end, warning: warningOf(days) };
    };
    return { name: 'calendar', probe: () => Promise.resolve(), detail };
  }

  /** The stored days, for other services. */
  async days(): Promise<TradingDays> {
    return (await this.repository.read()) ?? builtInDays();
  }

  /** Waits until the copy of this instance contains the write at a position. */
  async showing(after: Lsn | undefined): Promise<void> {
    if (after === undefined) return;
    if (this.#loadedAfter === undefined || compareLsn(after, this.#loadedAfter) > 0) await this.#refresh();
  }

  /** Stores a list of days; it states every day from its first to its last. */
  async store(request: StoreCalendarRequest): Promise<StoredCalendar> {
    const list = readCalendarList(request);
    const { value, lsn } = await this.transactions.run(async ({ client }) => {
      const held = (await this.repository.hold(client)) ?? builtInDays();
      const written = daysToWrite(held, list);
      const changes = changesOf(held, written);
      if (changes.changed > 0) await this.repository.put(client, written);
      return { ...changes, calendar_to: [lastDay(held), lastDay(written)].sort()[1] ?? '' };
    });
    if (value.changed > 0) await this.#publishChange(lsn);
    const stated = { from: list.from, to: lastDay(list), trading_days: list.states.replaceAll('0', '').length };
    return { ...stated, ...value, lsn };
  }

  async #publishChange(lsn: Lsn): Promise<void> {
    this.bus.publish(calendarChanged, { lsn });
    this.#isPublished = true;
    await this.#refresh();
  }

  /**
   * Reloads the copy and stores the position that the primary reported. A position from an event or a client might be false,
   * and a false one would hide later changes.
   */
  async #refresh(): Promise<void> {
    const after = await this.repository.position().catch(() => undefined);
    if (await this.#copy.refresh()) this.#loadedAfter = laterLsn(this.#loadedAfter, after);
  }

  async #load(): Promise<DayStates> {
    const stored = await this.repository.read();
    const missing = beyond(stored, builtInDays());
    const days = stored !== undefined && missing === undefined ? stored : await this.#addMissing();
    this.#warn(lastDay(days));
    this.#publishMissedChange(days);
    return days;
  }

  /**
   * Publishes a change that this instance loads without having received its event. Until now its answers used the old days,
   * and caches hold such answers.
   */
  #publishMissedChange(days: DayStates): void {
    const isOther = this.#days !== undefined && (this.#days.from !== days.from || this.#days.states !== days.states);
    if (isOther && !this.#isPublished) this.bus.publish(calendarChanged, { lsn: this.#loadedAfter ?? BEFORE_ALL });
    this.#days = days;
    this.#isPublished = false;
  }

  /**
   * Adds the days of the release that lie beyond the stored ones; at the first start these are all days. The first start
   * publishes no event, because every process has answered by the days of its release until then.
   */
  async #addMissing(): Promise<DayStates> {
    const { value, lsn } = await this.transactions.run(async ({ client }) => {
      const held = await this.repository.hold(client);
      const missing = beyond(held, builtInDays());
      if (missing !== undefined) await this.repository.put(client, missing);
      return held !== undefined && missing !== undefined;
    });
    if (value) this.bus.publish(calendarChanged, { lsn });
    return (await this.repository.read()) ?? builtInDays();
  }

  /** Logs one warning for each last day of the calendar. */
  #warn(end: string): void {
    const days = this.daysLeft;
    if (days >= WARN_DAYS || this.#warnedOf === end) return;
    this.#warnedOf = end;
    log.warn({ ends_on: end, days_left: days }, 'trading calendar ends soon');
  }
}

const warningOf = (days: number): string =>
  days < 0
    ? 'The trading calendar has ended: weekdays count as provisional trading days. Load the next year (POST /api/v2/calendar)'
    : `The trading calendar ends in ${days} days. Load the next year (npm run import -- calendar.csv, or POST /api/v2/calendar)`;
