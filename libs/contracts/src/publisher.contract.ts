import { IsCount, IsFlag, IsMatching, IsShapes, IsText } from '@mystocks/validation';
import { defineEvent } from './definition/define.js';

/** How many messages of one numbered event a publisher has sent. */
export class EventCount {
  @IsText(1, 100) readonly subject!: string;
  @IsCount(0, Number.MAX_SAFE_INTEGER) readonly sent!: number;
}

/** A process is there, and this is how far it has counted. */
export class PublisherCounted {
  /** Name of the service. */
  @IsText(1, 40) readonly service!: string;
  /** This process and this run of it; a token of subjects (`at.<publisher>.…`). */
  @IsMatching(/^[A-Za-z0-9_-]{1,40}$/, '1 to 40 letters, digits, _ or -') readonly publisher!: string;
  @IsShapes(EventCount, 0, 20) readonly counts!: EventCount[];
  /** Its last event: it shuts down in order, and all its events were published. */
  @IsFlag({ optional: true }) readonly last?: boolean;
}

/** Twice a second from every process on the bus: it is alive, and a lost message is noticed within that time. */
export const publisherCounted = defineEvent({
  subject: 'evt.bus.publisher.counted.v1',
  payload: PublisherCounted,
  key: ({ service }) => service,
});
