import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { barsChanged, listBars, type Answer, type Bar, type ListBarsRequest } from '@mystocks/contracts';
import { FakeBus } from '@mystocks/testing';
import { openKinds } from '../../test/open-kinds.js';
import { Audience } from '../channels/audience.js';
import { barChannel } from '../channels/channel.js';

const SYMBOL = '600519.SH';
const stamp = (time: string): string => `2024-06-14T${time}:00+08:00`;
const barOf = (time: string, v: number): Bar => ({ t: stamp(time), o: 10, h: 10, l: 10, c: 10, v });

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** A node with a subscriber of minutes and of five minutes, and a store that joins the opening auction into 09:31. */
function openNode() {
  const node = new FakeBus('realtime');
  const market = node.beside('market-data');
  const audience = new Audience();
  for (const frame of ['1Min', '5Min'] as const) audience.add(barChannel(frame, SYMBOL));
  const { fanout, open } = openKinds(node.bus, audience);
  const sent: string[] = [];
  fanout.attach({
    data: (items) => {
      sent.push(...items.map(({ ch, d }) => `${ch} ${(d as Bar).t.slice(11, 16)} ${String((d as Bar).v)}`));
    },
    gap: ({ channel, reason }) => sent.push(`${channel} gap ${reason}`),
    tokenOf: () => 'token',
  });
  open();

  const volumes = new Map<string, number>();
  const read = ({ timeframe, start = '', end = '' }: ListBarsRequest): Answer => {
    const bins = new Map<string, number>();
    for (const [time, v] of volumes) {
      const own = time < '09:31' ? '09:31' : time;
      const bin = timeframe === '1Min' ? own : '09:35';
      bins.set(bin, (bins.get(bin) ?? 0) + v);
    }
    const bars = [...bins]
      .map(([time, v]) => barOf(time, v))
      .filter(({ t }) => Date.parse(t) >= Date.parse(start) && Date.parse(t) <= Date.parse(end));
    return { body: Buffer.from(JSON.stringify({ bars })), etag: '"1"', tags: [], ttl_ms: 0, built_at_ms: 0 };
  };
  node.answer(listBars, read);
  let commits = 0;
  const publish = (...bars: Bar[]): void => {
    commits += 1;
    for (const { t, v } of bars) volumes.set(t.slice(11, 16), v);
    market.publish(barsChanged, {
      ...{ symbol: SYMBOL, timeframe: '1Min', from: '2024-06-14', to: '2024-06-14', received_at_ms: 0 },
      ...{ bar: bars.at(-1) ?? barOf('09:31', 0), bars, lsn: `0/${(commits * 1_000).toString(16).toUpperCase()}` },
    });
  };
  /** What is sent after these commits, which are announced one right after the other. */
  const change = async (...changes: Bar[][]): Promise<string[]> => {
    sent.length = 0;
    for (const bars of changes) publish(...bars);
    // One round lets one read after the other be answered.
    for (let round = 0; round < 5; round += 1) await jest.advanceTimersByTimeAsync(10);
    return sent;
  };
  return { change, reads: () => node.called.length };
}

describe('the rows of the opening auction', () => {
  it('the rows of the opening auction are pushed as the part of 09:31 that a read shows, and move the coarser bars', async () => {
    const { change } = openNode();
    expect(await change([barOf('09:25', 5)])).toEqual([`bar.1Min.${SYMBOL} 09:31 5`, `bar.5Min.${SYMBOL} 09:35 5`]);
    expect(await change([barOf('09:30', 2)])).toEqual([`bar.1Min.${SYMBOL} 09:31 7`, `bar.5Min.${SYMBOL} 09:35 7`]);
  });

  it('the rows of the opening auction are a part of 09:31 also when that minute changes, with the minutes behind it', async () => {
    const { change } = openNode();
    await change([barOf('09:25', 5)]);
    expect(await change([barOf('09:31', 100), barOf('09:32', 10)])).toEqual([
      ...[`bar.1Min.${SYMBOL} 09:31 105`, `bar.1Min.${SYMBOL} 09:32 10`],
      `bar.5Min.${SYMBOL} 09:35 115`,
    ]);
  });

  it('the rows of the opening auction stay before the minutes of a commit that is announced while they are read', async () => {
    const { change } = openNode();
    const sent = await change([barOf('09:25', 5), barOf('09:31', 100)], [barOf('09:32', 10)], [barOf('09:33', 1)]);
    expect(sent.filter((one) => one.startsWith('bar.1Min'))).toEqual(
      ['09:31 105', '09:32 10', '09:33 1'].map((bar) => `bar.1Min.${SYMBOL} ${bar}`),
    );
  });

  it('the rows of the opening auction cost the minutes behind 09:31 no read', async () => {
    const { change, reads } = openNode();
    await change([barOf('09:25', 5)]);
    const before = reads();
    expect(await change([barOf('09:32', 10)])).toEqual([`bar.1Min.${SYMBOL} 09:32 10`, `bar.5Min.${SYMBOL} 09:35 15`]);
    expect(reads() - before).toBe(1);
  });
});
