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
const ofTeller = defineEvent({ subject: 'evt.teller.value.changed.v1', numbered: true, payload: Numbered });
const plain = defineEvent({ subject: 'evt.echo.value.guessed.v1', payload: Numbered });

/** Two processes on one bus, and what may go wrong between them. */
export interface TwoOnABus {
  readonly teller: Bus;
  readonly listener: Bus;
  /** Runs `tell` so that nothing it tells arrives anywhere. */
  lost(tell: () => void): Promise<void>;
  /** Lets about so much time pass for both, or for the listener alone: the teller is frozen. */
  pass(ms: number, frozen?: 'teller'): Promise<void>;
  close(): Promise<void>;
}

/** What every bus promises of numbered news, the one in memory too. */
export function itNumbersItsNews(name: string, open: () => Promise<TwoOnABus>): void {
  describe(`${name}: numbered news`, () => {
    let two: TwoOnABus | undefined;
    afterEach(() => two?.close());

    const tell = (value: number, who = 'ann'): void => two?.teller.publish(numbered, { who, value });
    const until = async (condition: () => boolean): Promise<void> => {
      await waitFor(() => two?.pass(50).then(condition), { timeoutMs: 5_000, what: 'the news' });
    };
    async function listen(): Promise<(number | 'gap')[]> {
      two = await open();
      const heard: (number | 'gap')[] = [];
      const onGap = (): void => void heard.push('gap');
      two.listener.subscribe(numbered, ({ value }) => void heard.push(value), { onGap });
      await two.pass(1_100);
      return heard;
    }

    it('comes without a gap while nothing is lost, whatever its key', async () => {
      const heard = await listen();
      for (let value = 0; value < 100; value += 1) tell(value, value % 2 === 0 ? 'ann' : 'bob');
      await until(() => heard.length === 100);
      await two?.pass(1_100);
      expect(heard).toEqual(Array.from({ length: 100 }, (_, value) => value));
    });

    it('that is lost is told of before the next', async () => {
      const heard = await listen();
      tell(1);
      await until(() => heard.length === 1);
      await two?.lost(() => {
        tell(2);
      });
      tell(3);
      await until(() => heard.includes(3));
      expect(heard.filter((one) => one !== 'gap')).toEqual([1, 3]);
      expect(heard.indexOf('gap')).toBeLessThan(heard.indexOf(3));
    });

    it('that is lost is told of by a beat when none follows, once', async () => {
      const heard = await listen();
      tell(1);
      await until(() => heard.length === 1);
      await two?.lost(() => {
        tell(2);
      });
      await until(() => heard.length === 2);
      await two?.pass(1_100);
      expect(heard).toEqual([1, 'gap']);
    });

    it('from before one listened counts as a gap once, and then as known', async () => {
      const heard = await listen();
      tell(1);
      await until(() => heard.length === 1);
      const late: (number | 'gap')[] = [];
      two?.listener.subscribe(numbered, ({ value }) => void late.push(value), { onGap: () => void late.push('gap') });
      await until(() => late.length === 1);
      tell(2);
      await until(() => late.length === 2);
      await two?.pass(1_100);
      expect(late).toEqual(['gap', 2]);
      expect(heard).toEqual([1, 2]);
    });

    it('is not trusted any more when its teller is gone for 2 s without a farewell: it may have died before it told', async () => {
      const heard = await listen();
      tell(1);
      await until(() => heard.length === 1);
      await two?.pass(600);
      await two?.pass(3_000, 'teller');
      expect(heard).toEqual([1, 'gap']);
    });

    it('is not trusted when a process of its own service dies that never told any; of other services it is', async () => {
      const heard = await listen();
      const owned: string[] = [];
      two?.listener.subscribe(ofTeller, () => undefined, { onGap: (why) => void owned.push(why) });
      await two?.pass(1_100);
      await two?.pass(3_000, 'teller');
      expect([heard, owned]).toEqual([[], ['untold']]);
    });

    it('stays trusted when its teller drains', async () => {
      const heard = await listen();
      tell(1);
      await until(() => heard.length === 1);
      await two?.teller.drain();
      await two?.pass(3_000);
      expect(heard).toEqual([1]);
    });

    it('cannot be counted by who takes a part of it, or where it is not numbered', async () => {
      const { listener } = (two = await open());
      const options = { key: 'ann', onGap: () => undefined } as never;
      expect(() => listener.subscribe(numbered, () => undefined, options)).toThrow('cannot count');
      expect(() => listener.subscribe(plain, () => undefined, { onGap: () => undefined })).toThrow('not numbered');
    });

    it('and its teller fall silent together: 1.5 s without a beat, and back with the next', async () => {
      await listen();
      const told: boolean[] = [];
      two?.listener.onSilence('teller', (silent) => told.push(silent));
      await two?.pass(1_000);
      expect(two?.listener.isSilent('teller')).toBe(false);
      await two?.pass(2_200, 'teller');
      expect(two?.listener.isSilent('teller')).toBe(true);
      await until(() => told.length === 2);
      expect(told).toEqual([true, false]);
    });
  });
}
