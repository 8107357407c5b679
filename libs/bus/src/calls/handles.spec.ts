import { describe, expect, it } from '@jest/globals';
import type { Caller } from '@mystocks/identity';
import { echo, EchoAnswer, EchoHandler, EchoRequest, Nothing, secret, type Facts } from '../echo.conformance.js';
import { Handles, type Bus } from '../index.js';

/** Checked by `npm run typecheck`: each @ts-expect-error below is an error, or the compiler complains. */
class Drifting {
  @Handles(echo)
  right(request: EchoRequest): Promise<EchoAnswer> {
    return Promise.resolve({ text: request.text, by: 'x' });
  }

  @Handles(secret)
  withCaller(_request: Nothing, caller: Caller | undefined): Promise<Facts> {
    return Promise.resolve({ facts: [caller?.id ?? ''] });
  }

  // @ts-expect-error the answer lacks `by`
  @Handles(echo)
  wrongAnswer(request: EchoRequest): Promise<{ text: string }> {
    return Promise.resolve({ text: request.text });
  }

  // @ts-expect-error the contract's request has no `other`
  @Handles(echo)
  wrongRequest(request: { other: string }): Promise<EchoAnswer> {
    return Promise.resolve({ text: request.other, by: 'x' });
  }

  // @ts-expect-error an answer is a promise
  @Handles(echo)
  notAPromise(request: EchoRequest): EchoAnswer {
    return { text: request.text, by: 'x' };
  }

  // @ts-expect-error the caller may be absent
  @Handles(echo)
  surelyCalled(request: EchoRequest, caller: Caller): Promise<EchoAnswer> {
    return Promise.resolve({ text: request.text, by: caller.id });
  }
}

export async function drifting(bus: Bus): Promise<void> {
  // @ts-expect-error a field that the contract does not have
  await bus.call(echo, { text: 'x', wait_s: 1 });
  // @ts-expect-error a missing field
  await bus.call(echo, {});
  // @ts-expect-error a field the answer does not have
  void (await bus.call(echo, { text: 'x' })).txt;
}

describe('a handler', () => {
  it('leaves a handler a plain method that a spec can call', async () => {
    expect(await new EchoHandler().say({ text: 'hello' })).toMatchObject({ text: 'hello', by: 'echo' });
    expect(await new Drifting().right({ text: 'hello' })).toEqual({ text: 'hello', by: 'x' });
    await expect(new EchoHandler().say({ text: 'unknown error' })).rejects.toThrow('hunter2');
  });
});
