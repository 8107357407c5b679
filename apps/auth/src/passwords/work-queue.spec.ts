import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Failure, type FailureCode } from '@mystocks/contracts';
import { withContext } from '@mystocks/telemetry';
import { WorkQueue, type WorkOwner } from './work-queue.js';

const TURN_MS = 250;
const DEADLINE_MS = 5_000;

let queue: WorkQueue;
/** Owners in the order in which their turns began. */
let begun: string[];

/** Time stands still but for `pass`. */
beforeEach(async () => {
  jest.useFakeTimers({ now: 1_000_000 });
  begun = [];
  await open(1);
});
afterEach(() => {
  jest.useRealTimers();
});

async function open(atOnceForFresh: number): Promise<void> {
  queue = new WorkQueue({ atOnce: 1, atOnceForFresh });
  const measured = queue.measure(turn);
  await pass(TURN_MS);
  await measured;
}

const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, TURN_MS));
const owner = (address: string, account: string, kind: WorkOwner['kind'] = 'login'): WorkOwner => ({
  kind,
  address,
  account,
});

/** A turn that finds a wrong password, or fails otherwise. */
const failing =
  (code: FailureCode = 'unauthenticated') =>
  (): Promise<never> =>
    turn().then(() => Promise.reject(new Failure(code, code)));
/** `count` failed logins, one after the other. */
async function fail(address: string, count: number, code?: FailureCode): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const failed = ask(owner(address, `account-${index}`), failing(code));
    await pass(TURN_MS);
    await failed;
  }
  begun = [];
}

interface Outcome {
  /** `done` or the code of the failure. */
  readonly code: unknown;
  readonly retryAfterS: number | undefined;
  readonly ms: number;
}

function ask(who: WorkOwner, work: () => Promise<unknown> = turn, deadlineMs = DEADLINE_MS): Promise<Outcome> {
  const startedAt = Date.now();
  const context = { requestId: 'request-1', traceparent: '', deadlineMs: startedAt + deadlineMs };
  const ended = (code: unknown, retryAfterS?: number): Outcome => ({ code, retryAfterS, ms: Date.now() - startedAt });
  return withContext(context, () =>
    queue.run(who, () => {
      begun.push(`${who.address} ${who.account}`);
      return work();
    }),
  ).then(
    () => ended('done'),
    (error: { code: unknown; retryAfterS?: number }) => ended(error.code, error.retryAfterS),
  );
}
const many = (length: number, make: (index: number) => Promise<Outcome>): Promise<Outcome>[] =>
  Array.from({ length }, (_, index) => make(index));
const countOf = (outcomes: readonly Outcome[], code: string): number =>
  outcomes.filter((outcome) => outcome.code === code).length;

describe('WorkQueue', () => {
  it('finishes what it admits before the deadline and refuses the rest at once, with a time to come back', async () => {
    const asked = many(200, (index) => ask(owner('flooder', `account-${index}`)));
    await pass(DEADLINE_MS);
    const outcomes = await Promise.all(asked);
    expect(countOf(outcomes, 'done')).toBeGreaterThan(10);
    expect(countOf(outcomes, 'done') + countOf(outcomes, 'rate_limited')).toBe(200);
    for (const { code, ms, retryAfterS } of outcomes) {
      expect(ms).toBeLessThan(code === 'done' ? DEADLINE_MS : 1);
      if (code !== 'done') expect(retryAfterS).toBeGreaterThanOrEqual(1);
    }
  });

  it.each([
    ['one address floods', (index: number) => owner('flooder', `account-${index}`), 7],
    ['many addresses flood one account', (index: number) => owner(`bot-${index}`, 'victim'), 16],
  ])('lets others have their turns soon while %s', async (_what, flooder, turns) => {
    const flood = many(200, (index) => ask(flooder(index)));
    const honest = many(6, (index) => ask(owner(`home-${index}`, `honest-${index}`)));
    await pass(DEADLINE_MS);
    for (const { code, ms } of await Promise.all(honest)) {
      expect(code).toBe('done');
      expect(ms).toBeLessThanOrEqual(turns * TURN_MS);
    }
    expect(countOf(await Promise.all(flood), 'timeout')).toBe(0);
  });

  it('does not let an address that had no turn wait for the end of another one', async () => {
    await open(2);
    const flood = many(200, (index) => ask(owner('flooder', `account-${index}`)));
    await pass(TURN_MS / 2);
    const honest = many(6, (index) => ask(owner(`home-${index}`, `honest-${index}`)));
    await pass(DEADLINE_MS);
    const times = (await Promise.all(honest)).map(({ ms }) => ms);
    expect(times[0]).toBe(TURN_MS);
    expect(Math.max(...times)).toBeLessThanOrEqual(4 * TURN_MS);
    expect(countOf(await Promise.all(flood), 'done')).toBeLessThanOrEqual(17);
  });

  it.each([1, 2])(
    'says that it is full itself when every address has a small share, %d at once',
    async (atOnceForFresh) => {
      await open(atOnceForFresh);
      const asked = many(200, (index) => ask(owner(`home-${index}`, `account-${index}`)));
      await pass(DEADLINE_MS);
      const outcomes = await Promise.all(asked);
      const done = countOf(outcomes, 'done');
      expect(done).toBeGreaterThan(10);
      expect(countOf(outcomes, 'unavailable')).toBe(200 - done);
      for (const { code, ms } of outcomes) expect(ms).toBeLessThan(code === 'done' ? DEADLINE_MS : 1);
    },
  );

  it('serves the owner of an account that is attacked from few addresses', async () => {
    const flood = many(100, (index) => ask(owner(`bot-${index % 3}`, 'victim')));
    const honest = ask(owner('home', 'victim'));
    await pass(DEADLINE_MS);
    expect((await honest).code).toBe('done');
    expect(countOf(await Promise.all(flood), 'timeout')).toBe(0);
  });

  it('refuses in time what later arrivals pushed back behind its deadline', async () => {
    const early = many(12, (index) => ask(owner('office', `account-${index}`)));
    const later = many(18, (index) => ask(owner(`home-${index}`, `honest-${index}`)));
    await pass(DEADLINE_MS);
    const outcomes = await Promise.all([...early, ...later]);
    expect(countOf(outcomes, 'timeout')).toBe(0);
    for (const { ms } of outcomes) expect(ms).toBeLessThan(DEADLINE_MS);
    expect(countOf(await Promise.all(later), 'done')).toBeGreaterThanOrEqual(15);
  });

  it('gives logins three of four turns while registrations wait too, and each all turns while the other rests', async () => {
    const kinds: string[] = [];
    const noted = (kind: WorkOwner['kind']) => () => {
      kinds.push(kind);
      return turn();
    };
    void many(10, (index) => ask(owner('a', `new-${index}`, 'registration'), noted('registration')));
    await pass(2 * TURN_MS);
    expect(kinds).toEqual(['registration', 'registration', 'registration']);
    void many(10, (index) => ask(owner('b', `known-${index}`), noted('login')));
    await pass(8 * TURN_MS);
    expect(kinds.slice(3).filter((kind) => kind === 'login')).toHaveLength(6);
  });

  it('answers before the deadline although the work takes longer than ever, and then goes on', async () => {
    const stuck = ask(owner('a', 'x'), () => new Promise((resolve) => setTimeout(resolve, 60_000)));
    await pass(DEADLINE_MS);
    expect(await stuck).toMatchObject({ code: 'unavailable', ms: DEADLINE_MS - 100 });
    expect((await ask(owner('b', 'y'), turn, 200)).code).toBe('unavailable');
    await pass(60_000);
    const next = ask(owner('a', 'x'));
    await pass(TURN_MS);
    expect((await next).code).toBe('done');
  });

  it('goes on after work that failed', async () => {
    const bad = ask(owner('a', 'x'), () => Promise.reject(Object.assign(new Error('bad'), { code: 'bad' })));
    const good = ask(owner('a', 'x'));
    await pass(2 * TURN_MS);
    expect([(await bad).code, (await good).code]).toEqual(['bad', 'done']);
  });

  it('does not begin work whose caller has stopped waiting', async () => {
    expect((await ask(owner('a', 'x'), turn, -1)).code).toBe('timeout');
    expect(begun).toEqual([]);
  });
});

describe('WorkQueue, for an address from which 20 logins in a row have failed', () => {
  it('begins one login a second, refuses at once what would be too late, and lets other addresses pass', async () => {
    await fail('flooder', 20);
    const flood = many(200, (index) => ask(owner('flooder', `account-${index}`), failing()));
    const refused = await Promise.race([Promise.all(flood.slice(10)), pass(1).then(() => [])]);
    expect(countOf(refused, 'rate_limited')).toBe(190);
    for (const { retryAfterS } of refused) expect(retryAfterS).toBe(5);
    await pass(500);
    const honest = ask(owner('home', 'account-1'));
    await pass(TURN_MS);
    expect(await honest).toMatchObject({ code: 'done', ms: TURN_MS });
    await pass(DEADLINE_MS);
    expect(countOf(await Promise.all(flood), 'unauthenticated')).toBe(4);
    expect(begun.filter((one) => one.startsWith('flooder'))).toHaveLength(4);
  });

  it('shares out the turns of that address by account', async () => {
    await fail('office', 20);
    const flood = many(200, () => ask(owner('office', 'victim'), failing()));
    const honest = ask(owner('office', 'honest'));
    await pass(DEADLINE_MS);
    expect((await honest).code).toBe('done');
    expect((await honest).ms).toBeLessThanOrEqual(2_000 + TURN_MS);
    await Promise.all(flood);
  });

  it('lifts the limit after one login that succeeds', async () => {
    await fail('office', 20);
    await pass(1_000);
    const success = ask(owner('office', 'honest'));
    await pass(TURN_MS);
    expect((await success).code).toBe('done');
    const others = many(4, (index) => ask(owner('office', `account-${index}`)));
    await pass(4 * TURN_MS);
    expect(countOf(await Promise.all(others), 'done')).toBe(4);
  });

  it.each([
    ['19 wrong passwords', 'office', 19, 'unauthenticated'],
    ['faults of the service', 'office', 30, 'unavailable'],
    ['calls that name no address', '', 30, 'unauthenticated'],
  ] as const)('sets no limit after %s', async (_what, address, count, code) => {
    await fail(address, count, code);
    const others = many(4, (index) => ask(owner(address, `account-${index}`)));
    await pass(4 * TURN_MS);
    expect(countOf(await Promise.all(others), 'done')).toBe(4);
  });

  it('says 429 and not 503 when the deadline is before the next turn of the address', async () => {
    await fail('flooder', 20);
    const asked = ask(owner('flooder', 'x'), turn, 500);
    await pass(500);
    expect(await asked).toMatchObject({ code: 'rate_limited', retryAfterS: 1, ms: 0 });
  });
});
