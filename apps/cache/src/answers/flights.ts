import { Failure, type Answer, type FailureCode } from '@mystocks/contracts';
import { compareLsn, type Lsn } from '@mystocks/kernel';

interface Flight {
  readonly after: Lsn | undefined;
  readonly answer: Promise<Answer>;
}

/** Ways to fail that are the first asker's own: its token, its deadline. They must not strike those who joined. */
const PERSONAL: readonly FailureCode[] = ['unauthenticated', 'forbidden', 'timeout'];

/**
 * One origin read for a key however many ask, except that nobody joins a read that was started with an older log
 * position than it needs.
 */
export class Flights {
  readonly #underWay = new Map<string, Flight>();

  /** Joins the read of `key` under way when it shows everything up to `after`, else starts `read`. */
  async run(key: string, after: Lsn | undefined, read: () => Promise<Answer>): Promise<Answer> {
    const flight = this.#underWay.get(key);
    if (flight === undefined || !shows(flight.after, after)) return this.#start(key, after, read);
    try {
      return await flight.answer;
    } catch (error) {
      if (error instanceof Failure && PERSONAL.includes(error.code)) return read();
      throw error;
    }
  }

  /** Lets go of the reads under way: whoever asks from now on starts anew. */
  forget(): void {
    this.#underWay.clear();
  }

  #start(key: string, after: Lsn | undefined, read: () => Promise<Answer>): Promise<Answer> {
    const answer = read().finally(() => {
      if (this.#underWay.get(key)?.answer === answer) this.#underWay.delete(key);
    });
    this.#underWay.set(key, { after, answer });
    return answer;
  }
}

const shows = (flight: Lsn | undefined, wanted: Lsn | undefined): boolean =>
  wanted === undefined || (flight !== undefined && compareLsn(flight, wanted) >= 0);
