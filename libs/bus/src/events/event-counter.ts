import type { EventCount } from '@mystocks/contracts';
import { randomBytes } from 'node:crypto';

/** Identifies one message among all that a publisher sent of one event. */
export interface SequenceNumber {
  readonly publisher: string;
  /** 1 for the first message of the event. */
  readonly number: number;
}

/** Numbers the events that this run of the process publishes, including those that could not be sent. */
export class EventCounter {
  /** A random id of this run: after a restart the numbers begin at 1 again, and must not be taken for the old ones. */
  readonly publisher = randomBytes(12).toString('base64url');
  readonly #sent = new Map<string, number>();

  next(subject: string): SequenceNumber {
    const number = (this.#sent.get(subject) ?? 0) + 1;
    this.#sent.set(subject, number);
    return { publisher: this.publisher, number };
  }

  counts(): EventCount[] {
    return [...this.#sent].map(([subject, sent]) => ({ subject, sent }));
  }
}

const SEQUENCE_NUMBER = /^([A-Za-z0-9_-]{1,40}) ([1-9][0-9]{0,14})$/;

/** The value of the header `x-number`. */
export const writeSequenceNumber = ({ publisher, number }: SequenceNumber): string => `${publisher} ${number}`;

/** Undefined when the header is missing (the publisher runs an older release) or malformed. */
export function readSequenceNumber(text: string | undefined): SequenceNumber | undefined {
  const [, publisher, number] = SEQUENCE_NUMBER.exec(text ?? '') ?? [];
  return publisher === undefined ? undefined : { publisher, number: Number(number) };
}
