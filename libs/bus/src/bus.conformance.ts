import { afterEach, describe, expect, it } from '@jest/globals';
import { defineEvent } from '@mystocks/contracts';
import { IsCount, IsText } from '@mystocks/validation';
import { waitFor } from '@mystocks/testing';
import type { Bus } from './index.js';

export class Numbered {
  @IsText(1, 10) readonly who!: string;
  @IsCount(0, 1_000_000) readonly value!: number;
}

export const numbered = defineEvent({
  subject: 'evt.echo.value.changed.v1',
  numbered: true,
  payload: Numbered,
  key: ({ who }) => who,
});
const ofPublisher = defineEvent({ subject: 'evt.publisher.value.changed.v1', numbered: true, payload: Numbered });
const plain = defineEvent({ subject: 'evt.echo.value.guessed.v1', payload: Numbered });

/** Two processes on one bus, and the faults that can happen between them. */
export interface TwoProcesses {
  readonly publisher: Bus;
  readonly subscriber: Bus;
  /** Runs `publish` so that none of its events arrives anywhere. */
  lose(publish: () => void): Promise<void>;
  /** Lets about so much time pass for both, or for the subscriber alone while the publisher is frozen. */
  pass(ms: number, frozen?: 'publisher'): Promise<void>;
  close(): Promise<void>;
}

/** What every bus promises of numbered events, also the one in memory. */
export function itNumbersItsEvents(name: string, open: () => Promise<TwoProcesses>): void {
  describe(`${name}: numbered events`, () => {
    let two: TwoProcesses | undefined;
    afterEach(() => two?.close());

    const publish = (value: number, who = 'ann'): void => two?.publisher.publish(numbered, { who, value });
    const until = async (condition: () => boolean): Promise<void> => {
      await waitFor(() => two?.pass(50).then(condition), { timeoutMs: 5_000, what: 'the events' });
    };
    async function subscribe(): Promise<(number | 'gap')[]> {
      two = await open();
      const received: (number | 'gap')[] = [];
      const onGap = (): void => void received.push('gap');
      two.subscriber.subscribe(numbered, ({ value }) => void received.push(value), { onGap });
      await two.pass(1_100);
      return received;
    }

    it('delivers events of any key without reporting a gap while none is lost', async () => {
      const received = await subscribe();
      for (let value = 0; value < 100; value += 1) publish(value, value % 2 === 0 ? 'ann' : 'bob');
      await until(() => received.length === 100);
      await two?.pass(1_100);
      expect(received).toEqual(Array.from({ length: 100 }, (_, value) => value));
    });

    it('reports a gap for a lost event before it delivers the next one', async () => {
      const received = await subscribe();
      publish(1);
      await until(() => received.length === 1);
      await two?.lose(() => {
        publish(2);
      });
      publish(3);
      await until(() => received.includes(3));
      expect(received.filter((one) => one !== 'gap')).toEqual([1, 3]);
      expect(received.indexOf('gap')).toBeLessThan(received.indexOf(3));
    });

    it('reports a gap once, after a heartbeat, when no event follows the lost one', async () => {
      const received = await subscribe();
      publish(1);
      await until(() => received.length === 1);
      await two?.lose(() => {
        publish(2);
      });
      await until(() => received.length === 2);
      await two?.pass(1_100);
      expect(received).toEqual([1, 'gap']);
    });

    it('reports one gap to a subscriber that starts after the publisher, and none later', async () => {
      const received = await subscribe();
      publish(1);
      await until(() => received.length === 1);
      const late: (number | 'gap')[] = [];
      two?.subscriber.subscribe(numbered, ({ value }) => void late.push(value), { onGap: () => void late.push('gap') });
      await until(() => late.length === 1);
      publish(2);
      await until(() => late.length === 2);
      await two?.pass(1_100);
      expect(late).toEqual(['gap', 2]);
      expect(received).toEqual([1, 2]);
    });

    it('reports a gap when a publisher goes missing: it may have died before it published a write', async () => {
      const received = await subscribe();
      publish(1);
      await until(() => received.length === 1);
      await two?.pass(600);
      await two?.pass(3_000, 'publisher');
      expect(received).toEqual([1, 'gap']);
    });

    it('reports a gap when an instance of the owning service goes missing that never published, and none for other services', async () => {
      const received = await subscribe();
      const owned: string[] = [];
      two?.subscriber.subscribe(ofPublisher, () => undefined, { onGap: (why) => void owned.push(why) });
      await two?.pass(1_100);
      await two?.pass(3_000, 'publisher');
      expect([received, owned]).toEqual([[], ['unpublished']]);
    });

    it('reports no gap when a publisher drains', async () => {
      const received = await subscribe();
      publish(1);
      await until(() => received.length === 1);
      await two?.publisher.drain();
      await two?.pass(3_000);
      expect(received).toEqual([1]);
    });

    it('refuses onGap for a subscription to one key and for an event that is not numbered', async () => {
      const { subscriber } = (two = await open());
      const options = { key: 'ann', onGap: () => undefined } as never;
      expect(() => subscriber.subscribe(numbered, () => undefined, options)).toThrow('cannot count');
      expect(() => subscriber.subscribe(plain, () => undefined, { onGap: () => undefined })).toThrow('not numbered');
    });

    it('considers a service silent after 1.5 s without a heartbeat until the next one', async () => {
      await subscribe();
      const changes: boolean[] = [];
      two?.subscriber.onSilence('publisher', (silent) => changes.push(silent));
      await two?.pass(1_000);
      expect(two?.subscriber.isSilent('publisher')).toBe(false);
      await two?.pass(2_200, 'publisher');
      expect(two?.subscriber.isSilent('publisher')).toBe(true);
      await until(() => changes.length === 2);
      expect(changes).toEqual([true, false]);
    });
  });
}
