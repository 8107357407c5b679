import { Failure, type FailureCode } from '@mystocks/contracts';
import type { Shown } from './leased-reads.js';

interface Flight {
  readonly shown: Promise<Shown>;
  readonly isHurried: boolean;
}

/** One read that wants to share. */
export interface Boarding {
  readonly key: string;
  /** Whether it may be answered with what a read under way comes to: writes may have been announced since that began. */
  readonly isGoodEnough: (shown: Shown) => boolean;
  /** Its deadline is earlier than the owner's own: running into it says nothing about the owner. */
  readonly isHurried: boolean;
}

/** The first asker's own token. */
const PERSONAL: readonly FailureCode[] = ['unauthenticated', 'forbidden'];

/**
 * One read for a key in this process however many ask. Those who joined a read that does not show a write they must see
 * start anew together, and so do those whose first asker failed for reasons of its own (its token, its haste).
 */
export class Flights {
  readonly #underWay = new Map<string, Flight>();

  /** Joins the read of a key under way, or starts `read`. */
  async run(boarding: Boarding, read: () => Promise<Shown>): Promise<Shown> {
    for (;;) {
      const flight = this.#underWay.get(boarding.key);
      if (flight === undefined) return this.#start(boarding, read());
      try {
        const shown = await flight.shown;
        if (boarding.isGoodEnough(shown)) return shown;
      } catch (error) {
        if (!isPersonal(error, flight)) throw error;
      }
    }
  }

  /** Lets go of the reads under way: whoever asks from now on starts anew. */
  forget(): void {
    this.#underWay.clear();
  }

  #start({ key, isHurried }: Boarding, reading: Promise<Shown>): Promise<Shown> {
    const shown = reading.finally(() => {
      if (this.#underWay.get(key)?.shown === shown) this.#underWay.delete(key);
    });
    this.#underWay.set(key, { shown, isHurried });
    return shown;
  }
}

const isPersonal = (error: unknown, { isHurried }: Flight): boolean =>
  error instanceof Failure && (PERSONAL.includes(error.code) || (isHurried && error.code === 'timeout'));
