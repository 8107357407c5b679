import type { EventCount } from '@mystocks/contracts';
import { randomBytes } from 'node:crypto';

/** Where a message stands in what its publisher has told of one event. */
export interface Place {
  readonly publisher: string;
  /** 1 for the first message of the event. */
  readonly number: number;
}

/** Counts what this run of this process tells of each event, whether it leaves the process or not. */
export class Numbers {
  /** Random: after a restart the numbers begin anew, and must not be taken for the old ones. */
  readonly publisher = randomBytes(12).toString('base64url');
  readonly #sent = new Map<string, number>();

  next(subject: string): Place {
    const number = (this.#sent.get(subject) ?? 0) + 1;
    this.#sent.set(subject, number);
    return { publisher: this.publisher, number };
  }

  counts(): EventCount[] {
    return [...this.#sent].map(([subject, sent]) => ({ subject, sent }));
  }
}

const PLACE = /^([A-Za-z0-9_-]{1,40}) ([1-9][0-9]{0,14})$/;

/** As it travels in the header `x-number`. */
export const writePlace = ({ publisher, number }: Place): string => `${publisher} ${number}`;

/** Undefined when the header is not there (a publisher of an older release) or is none. */
export function readPlace(text: string | undefined): Place | undefined {
  const [, publisher, number] = PLACE.exec(text ?? '') ?? [];
  return publisher === undefined ? undefined : { publisher, number: Number(number) };
}
