import { MemoryTier, RedisTier, type Tier } from '@mystocks/tiered-cache';
import type { ShapeClass } from '@mystocks/validation';
import { TdengineTier } from './tdengine/tdengine-tier.js';
import { RedisTierSettings, TdengineTierSettings, type TierKind } from './tier.settings.js';

/** Opens the second tier; `load` reads the settings that only this kind needs. */
export function openTier(kind: TierKind, load: <T extends object>(shape: ShapeClass<T>) => T): Tier {
  switch (kind) {
    case 'redis':
      return new RedisTier({ url: load(RedisTierSettings).REDIS_URL.reveal() });
    case 'tdengine':
      return new TdengineTier({ url: load(TdengineTierSettings).TDENGINE_URL.reveal() });
    case 'memory':
      return new MemoryTier();
  }
}
