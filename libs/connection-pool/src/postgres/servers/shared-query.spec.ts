import { describe, expect, it } from '@jest/globals';
import { SharedQuestion } from './shared-query.js';

interface Asked {
  readonly resolve: (answer: number) => void;
  readonly reject: (error: Error) => void;
}

/** A question whose answers the test gives. */
function open(): { question: SharedQuestion<number>; asked: Asked[] } {
  const asked: Asked[] = [];
  const ask = (): Promise<number> => new Promise((resolve, reject) => asked.push({ resolve, reject }));
  return { question: new SharedQuestion(ask), asked };
}

describe('a shared question', () => {
  it('gives no answer to those who came after it was asked: they share the next one', async () => {
    const { question, asked } = open();
    const first = question.answer();
    const later = [question.answer(), question.answer()];
    expect(asked).toHaveLength(1);
    asked[0]?.resolve(1);
    expect(await first).toBe(1);
    await Promise.resolve();
    expect(asked).toHaveLength(2);
    asked[1]?.resolve(2);
    expect(await Promise.all(later)).toEqual([2, 2]);
  });

  it('fails those who asked, and is asked again for the next', async () => {
    const { question, asked } = open();
    const first = question.answer();
    const second = question.answer();
    asked[0]?.reject(new Error('gone'));
    await expect(first).rejects.toThrow('gone');
    await Promise.resolve();
    asked[1]?.resolve(2);
    expect(await second).toBe(2);
    const third = question.answer();
    asked[2]?.resolve(3);
    expect(await third).toBe(3);
  });
});
