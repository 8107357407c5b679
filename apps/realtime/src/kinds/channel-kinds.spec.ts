import { describe, expect, it } from '@jest/globals';
import { FakeBus } from '@mystocks/testing';
import { openKinds } from '../../test/open-kinds.js';
import { Audience } from '../channels/audience.js';
import type { ChannelKind } from '../channels/channel-kind.js';
import { ChannelKindsService } from './channel-kinds.service.js';

const { kinds } = openKinds(new FakeBus().bus, new Audience());

describe('the name of a channel', () => {
  it.each(['600519', '600519.SH', 'SH600519', '600519.XSHG'])('reads a quote channel of %s', (alias) => {
    expect(kinds.parse(`quote.${alias}`)).toEqual({ kind: 'quote', alias });
  });

  it('reads a bar channel', () => {
    expect(kinds.parse('bar.15Min.600519.SH')).toEqual({ kind: 'bar', timeframe: '15Min', alias: '600519.SH' });
  });

  it.each([
    '',
    'quote',
    'quote.',
    'quote.60051',
    'quote.600519.SH.x',
    'bar.600519.SH',
    'bar.1Week.600519',
    'tick.600519',
    'quote.６００５１９',
  ])('refuses %j', (name) => {
    expect(kinds.parse(name)).toBeUndefined();
  });
});

describe('a new kind of channels', () => {
  it('a new kind of channels is one class: names are parsed, snapshots read and events subscribed to through the list of kinds', async () => {
    const { bus } = new FakeBus();
    let isListening = false;
    const status: ChannelKind = {
      ...{ kind: 'status', syntax: 'status.<exchange>', epoch: 's1', isContiguous: false },
      parse: (alias) => (alias === 'SSE' ? { kind: 'status', alias } : undefined),
      channel: ({ alias }) => ({ kind: 'status', name: `status.${alias}`, symbol: alias }),
      snapshots: (channels) => Promise.resolve(new Map(channels.map(({ name }) => [name, { offset: 7, value: null }]))),
      position: () => 7,
      reconnected: () => undefined,
      listen: () => {
        isListening = true;
        return { stop: () => undefined };
      },
    };
    const { quotes, bars } = openKinds(bus, new Audience());
    const three = new ChannelKindsService(bus, [quotes, bars, status]);
    three.onModuleInit();
    expect(isListening).toBe(true);
    expect(three.syntax).toBe('quote.<symbol>, bar.<1Min|5Min|15Min|30Min|60Min|1Day>.<symbol> and status.<exchange>');
    const name = three.parse('status.SSE');
    expect(name).toEqual({ kind: 'status', alias: 'SSE' });
    const channel = three.channel(name ?? { kind: '', alias: '' }, 'SSE');
    const reader = { token: 't', caller: { id: 'u1', expiresAtMs: Number.MAX_SAFE_INTEGER } };
    expect(await three.snapshots([channel], reader)).toEqual(new Map([['status.SSE', { offset: 7, value: null }]]));
  });
});
