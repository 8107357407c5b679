import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { getPosition, latestQuotes, quoteChanged, type Answer, type Quote } from '@mystocks/contracts';
import { FakeBus } from '@mystocks/testing';
import { openKinds } from '../../test/open-kinds.js';
import { Audience } from '../channels/audience.js';
import { quoteChannel } from '../channels/channel.js';
import type { Gap, Item } from '../fanout/outlet.js';
import type { QuoteKind } from './quote-kind.js';

const SYMBOL = '600519.SH';
const quoteOf = (last: number): Quote => ({ symbol: SYMBOL, t: '2024-06-14T10:00:00+08:00', last });
const answer = (body: object): Answer => ({
  body: Buffer.from(JSON.stringify(body)),
  etag: '"1"',
  tags: [],
  ttl_ms: 0,
  built_at_ms: 0,
});

let node: FakeBus;
let writer: FakeBus;
let quotes: QuoteKind;
let close: () => void;
let audience: Audience;
let stored: number;
let sent: (Item | Gap)[];

beforeEach(() => {
  jest.useFakeTimers();
  node = new FakeBus('realtime');
  writer = node.beside('market-data');
  audience = new Audience();
  audience.add(quoteChannel(SYMBOL));
  const kinds = openKinds(node.bus, audience);
  ({ quotes, close } = kinds);
  sent = [];
  stored = 10;
  kinds.fanout.attach({
    data: (items) => sent.push(...items),
    gap: (gap, snapshot) => sent.push(gap, snapshot),
    tokenOf: () => 'token',
  });
  node.answer(latestQuotes, () => answer({ quotes: { [SYMBOL]: { ...quoteOf(stored), seq: stored } } }));
  node.answer(getPosition, () => ({ lsn: '0/1000' }));
  kinds.open();
  quotes.track(SYMBOL).snapshotSent(10);
});
afterEach(() => {
  close();
  jest.useRealTimers();
});

const publish = (seq: number, last = Math.min(seq, 1_000_000), lsn = '0/10'): void => {
  writer.publish(quoteChanged, { quote: quoteOf(last), seq, received_at_ms: 0, lsn });
};
/** A quote is stored, and announced. */
const store = (): void => {
  stored += 1;
  publish(stored);
};
const settle = (): Promise<void> => jest.advanceTimersByTimeAsync(1_000);
const offsets = (): number[] => sent.flatMap((one) => ('o' in one ? [one.o] : []));
const reasons = (): string[] => sent.flatMap((one) => ('reason' in one ? [one.reason] : []));
const calls = (): number => node.called.filter(({ subject }) => subject === latestQuotes.subject).length;

describe('a quote whose sequence number is far ahead', () => {
  it('a quote whose sequence number is far ahead is not sent, and later quotes of its channel are', async () => {
    publish(Number.MAX_SAFE_INTEGER, 999);
    await settle();
    store();
    store();
    await settle();
    expect(sent).toMatchObject([{ o: 11 }, { o: 12 }]);
  });

  it('a quote whose sequence number is far ahead is believed when the owner is there too: what it has follows a gap', async () => {
    stored = 5_000;
    publish(5_000);
    await settle();
    store();
    await settle();
    expect(sent).toMatchObject([
      { from: 11, to: 5_000, reason: 'bus' },
      { o: 5_000, d: { last: 5_000 } },
      { o: 5_001 },
    ]);
  });
});

describe('a quote that was sent with a false sequence number', () => {
  it('a quote that was sent with a false sequence number is taken back once the owner says where the channel stands', async () => {
    publish(15, 999);
    await settle();
    store();
    await settle();
    expect(reasons()).toEqual(['sequence', 'reset']);
    expect(offsets()).toEqual([15, 10, 11]);
    expect(sent.at(-1)).toMatchObject({ o: 11, d: { last: 11 } });
  });

  it('silences a channel no longer than a call takes when it was the first one', async () => {
    quotes.track(SYMBOL).moveTo(Number.MAX_SAFE_INTEGER);
    store();
    await settle();
    store();
    await settle();
    expect(reasons()).toEqual(['reset']);
    expect(offsets()).toEqual([11, 12]);
  });
});

describe('a quote whose log position cannot be believed', () => {
  it('a quote whose log position cannot be believed is not sent before the owner shows it', async () => {
    publish(11, 999, 'FFFFFFFF/FFFFFFFF');
    await settle();
    expect(sent).toEqual([]);
    stored = 11;
    publish(12, 999, 'FFFFFFFF/FFFFFFFF');
    await settle();
    expect(sent).toMatchObject([{ reason: 'bus' }, { o: 11, d: { last: 11 } }]);
  });
});

describe('quotes of invented symbols', () => {
  it('quotes of invented symbols leave no more tracks behind than the exchanges have instruments, and drop none with subscribers', () => {
    const own = quotes.track(SYMBOL);
    for (let code = 0; code < 200_000; code += 1) quotes.track(`${String(code).padStart(6, '0')}.SZ`);
    expect(quotes.track(SYMBOL)).toBe(own);
    expect(quotes.tracked).toBeLessThanOrEqual(20_000);
  });
});

describe('the owner', () => {
  it('the owner is asked at most 20 times a second, one call at a time, whatever arrives', async () => {
    for (let count = 0; count < 5_000; count += 1) publish(Number.MAX_SAFE_INTEGER - count);
    await jest.advanceTimersByTimeAsync(500);
    expect(calls()).toBeLessThanOrEqual(11);
  });

  it('the owner is asked about each channel after a quote was missed, and not about channels without subscribers', async () => {
    stored = 11;
    writer.lose(1);
    publish(11);
    for (let ms = 500; ms <= 2_000; ms += 500) {
      writer.tick(ms);
      node.tick(ms);
      await settle();
    }
    expect(sent).toMatchObject([{ reason: 'bus' }, { o: 11 }]);
    audience.remove(quoteChannel(SYMBOL).name);
    const before = calls();
    publish(Number.MAX_SAFE_INTEGER);
    await settle();
    expect(calls()).toBe(before);
    store();
    expect(quotes.track(SYMBOL).offset).toBeGreaterThan(1_000);
    await settle();
    expect(quotes.track(SYMBOL).offset).toBeLessThanOrEqual(stored);
  });

  it('the owner is asked again while it is away', async () => {
    node.silence(latestQuotes);
    publish(15, 999);
    await settle();
    node.answer(latestQuotes, () => answer({ quotes: { [SYMBOL]: { ...quoteOf(10), seq: 10 } } }));
    await settle();
    await settle();
    expect(reasons()).toEqual(['sequence', 'reset']);
  });
});
