import { Failure, type FailureCode } from '@mystocks/contracts';
import { compareLsn, type Lsn } from '@mystocks/kernel';
import type { Shown } from './leased-reads.js';

interface Flight {
  readonly after: Lsn | undefined;
  readonly shown: Promise<Shown>;
  readonly isHurried: boolean;
}

/** One read that wants to share. */
export interface Boarding {
  readonly key: string;
  /** The newest position announced when it began. */
  readonly after: Lsn | undefined;
  /** Its deadline is earlier than the owner's own: running into it says nothing about the owner. */
  readonly isHurried: boolean;
}

/** The first asker's own token. */
const PERSONAL: readonly FailureCode[] = ['unauthenticated', 'forbidden'];

/**
 * One read for a key in this process however many ask, except that nobody joins a read that was started with an older
 * log position than it needs. What strikes only the first asker (its token, its haste) does not strike those who
 * joined: the first of them starts anew, and the others join that.
 */
export class Flights {
  readonly #underWay = new Map<string, Flight>();

  /**
   * Joins the read of `key` under way when it shows everything up to `after`, else starts `read`, which is told whether
   * it overtakes one that shows less.
   */
  async run(boarding: Boarding, read: (overtakes: boolean) => Promise<Shown>): Promise<Shown> {
    for (;;) {
      const flight = this.#underWay.get(boarding.key);
      if (flight === undefined) return this.#start(boarding, read(false));
      if (!shows(flight.after, boarding.after)) return this.#start(boarding, read(true));
      try {
        return await flight.shown;
      } catch (error) {
        if (!isPersonal(error, flight)) throw error;
      }
    }
  }

  /** Lets go of the reads under way: whoever asks from now on starts anew. */
  forget(): void {
    this.#underWay.clear();
  }

  #start({ key, after, isHurried }: Boarding, reading: Promise<Shown>): Promise<Shown> {
    const shown = reading.finally(() => {
      if (this.#underWay.get(key)?.shown === shown) this.#underWay.delete(key);
    });
    this.#underWay.set(key, { after, shown, isHurried });
    return shown;
  }
}

const isPersonal = (error: unknown, { isHurried }: Flight): boolean =>
  error instanceof Failure && (PERSONAL.includes(error.code) || (isHurried && error.code === 'timeout'));

const shows = (flight: Lsn | undefined, wanted: Lsn | undefined): boolean =>
  wanted === undefined || (flight !== undefined && compareLsn(flight, wanted) >= 0);
