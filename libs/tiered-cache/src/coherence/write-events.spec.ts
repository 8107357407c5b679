import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  barsChanged,
  entriesDropped,
  factorsChanged,
  getPosition,
  instrumentsChanged,
  quoteChanged,
} from '@mystocks/contracts';
import { FakeBus, waitFor } from '@mystocks/testing';
import { followWrites, type Following } from './write-events.js';

const at = { received_at_ms: 1 };
const bar = { t: '2025-01-02', o: 1, h: 1, l: 1, c: 1, v: 1 };
const day = { timeframe: '1Day', from: '2025-01-02', to: '2025-01-02', bar } as const;
const quote = { symbol: '600519.SH', t: '2025-01-02T09:31:00+08:00', last: 1 };

let told: string[];
let writer: FakeBus;
let reader: FakeBus;

beforeEach(() => {
  told = [];
  reader = new FakeBus('gateway');
  writer = reader.beside('market-data');
});

const follow = (): Following =>
  followWrites(reader, {
    invalidate: (tags, lsn) => told.push(`written ${tags.join()} ${lsn}`),
    drop: ({ keys, tags }) => told.push(`dropped ${keys?.join() ?? ''} ${tags?.join() ?? ''}`),
    invalidateAll: () => told.push('missed'),
    setBackTo: (end) => told.push(`set back ${end}`),
    onMissedDrops: () => told.push('missed drops'),
  });
const later = (): Promise<void> => Promise.resolve();

describe('followWrites', () => {
  it('reports the tags that each kind of write touched, and the entries that an operator dropped', async () => {
    follow();
    writer.publish(barsChanged, { ...at, ...day, symbol: '600519.SH', lsn: '0/1' });
    writer.publish(instrumentsChanged, { count: 1, lsn: '0/2' });
    writer.publish(factorsChanged, { symbol: '600519.SH', lsn: '0/4' });
    writer.publish(quoteChanged, { ...at, quote, seq: 1, lsn: '0/3' });
    writer.publish(entriesDropped, { by: 'another', tags: ['600519.SH', 'quote:600519.SH'] });
    await later();
    expect(told).toEqual([
      'written 600519.SH 0/1',
      'written instruments 0/2',
      'written 600519.SH 0/4',
      'written quote:600519.SH 0/3',
      'dropped  600519.SH,quote:600519.SH',
    ]);
  });

  it('invalidates every answer about an instrument that is of another kind or removed', async () => {
    follow();
    writer.publish(instrumentsChanged, { count: 2, symbols: ['600519.SH', '000001.SZ'], lsn: '0/1' });
    await later();
    expect(told).toEqual(['written instruments,600519.SH,quote:600519.SH,000001.SZ,quote:000001.SZ 0/1']);
  });

  it('reports once what a lost message or a lost connection may have hidden', async () => {
    follow();
    writer.lose(2);
    writer.publish(instrumentsChanged, { count: 1, lsn: '0/1' });
    writer.publish(entriesDropped, { by: 'another', tags: ['600519.SH'] });
    await writer.passTime(500);
    expect(told).toEqual(['missed', 'missed drops']);
    told = [];
    reader.setConnected(false);
    await later();
    expect(told).toEqual(['missed']);
    reader.setConnected(true);
    expect(told).toEqual(['missed', 'missed', 'missed drops']);
  });

  it('reports a gap before the event that reveals it', async () => {
    follow();
    writer.publish(instrumentsChanged, { count: 1, lsn: '0/1' });
    writer.lose(1);
    writer.publish(instrumentsChanged, { count: 1, lsn: '0/2' });
    writer.publish(instrumentsChanged, { count: 1, lsn: '0/3' });
    await later();
    expect(told).toEqual(['written instruments 0/1', 'missed', 'written instruments 0/3']);
  });

  it('treats an event whose position lies far beyond the log as missed, and believes true ones after it', async () => {
    reader.answer(getPosition, () => ({ lsn: '0/5' }));
    const following = follow();
    writer.publish(barsChanged, { ...at, ...day, symbol: '600519.SH', lsn: 'FFFFFFFF/FFFFFFFF' });
    writer.publish(factorsChanged, { symbol: '600519.SH', lsn: '0/4' });
    await later();
    expect(told).toEqual(['missed', 'written 600519.SH 0/4']);
    expect(following.accepts('FFFFFFFF/FFFFFFFF')).toBe(false);
    following.stop();
  });

  it('sets positions back that were believed beyond the end of the log', async () => {
    reader.answer(getPosition, () => ({ lsn: '0/5' }));
    const following = follow();
    await new Promise(setImmediate);
    writer.publish(factorsChanged, { symbol: '600519.SH', lsn: '0/6' });
    await waitFor(() => told.length > 1, { timeoutMs: 10_000, what: 'the position to be found false' });
    expect(told).toEqual(['written 600519.SH 0/6', 'set back 0/5']);
    following.stop();
  });

  it('reports nothing after it was stopped', async () => {
    follow().stop();
    writer.publish(instrumentsChanged, { count: 1, lsn: '0/1' });
    await later();
    reader.setConnected(false);
    expect(told).toEqual([]);
  });
});
