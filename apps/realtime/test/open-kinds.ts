import type { Bus } from '@mystocks/bus';
import { BarKind } from '../src/bars/bar-kind.js';
import type { Audience } from '../src/channels/audience.js';
import { FanoutService } from '../src/fanout/fanout.service.js';
import { PositionsService } from '../src/fanout/positions.service.js';
import { ChannelKindsService } from '../src/kinds/channel-kinds.service.js';
import { QuoteKind } from '../src/quotes/quote-kind.js';

/** All kinds of channels on a bus, as the realtime module provides them; `open` connects them with the bus. */
export function openKinds(bus: Bus, audience: Audience) {
  const fanout = new FanoutService();
  const positions = new PositionsService(bus);
  const quotes = new QuoteKind(bus, audience, fanout, positions);
  const bars = new BarKind(bus, audience, fanout, positions, quotes);
  const kinds = new ChannelKindsService(bus, [quotes, bars]);
  const open = (): void => {
    positions.onModuleInit();
    kinds.onModuleInit();
  };
  const close = (): void => {
    positions.onModuleDestroy();
    kinds.onModuleDestroy();
    quotes.onModuleDestroy();
    bars.onModuleDestroy();
  };
  return { fanout, quotes, bars, kinds, open, close };
}
