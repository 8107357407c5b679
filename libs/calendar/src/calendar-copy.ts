import type { DayStates } from './built-in-days.js';
import { useCalendar } from './trading-days.js';

/** A change is announced; where the announcement was missed this finds it. */
const RELOAD_EVERY_MS = 30_000;

/** Keeps the calendar of this process equal to the stored one. */
export class CalendarCopy {
  #timer: NodeJS.Timeout | undefined;
  #loading: Promise<boolean> | undefined;

  constructor(
    private readonly load: () => Promise<DayStates>,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  /** Loads now and from time to time. */
  start(): void {
    void this.refresh();
    this.#timer = setInterval(() => void this.refresh(), RELOAD_EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Loads what is stored at or after this moment; false when that failed, and the copy stays as it is. */
  async refresh(): Promise<boolean> {
    // What is being loaded may have been read before the change.
    await this.#loading;
    return (this.#loading ??= this.#load().finally(() => (this.#loading = undefined)));
  }

  async #load(): Promise<boolean> {
    try {
      useCalendar(await this.load());
      return true;
    } catch (error) {
      this.onFailure(error);
      return false;
    }
  }
}
