import { loadSettings } from '@mystocks/config';
import { runService } from '@mystocks/service';
import { CacheModule } from './cache.module.js';
import { CacheSettings } from './cache.settings.js';
import { openTier } from './tiers/open-tier.js';
import { SecondTier } from './tiers/second-tier.js';

const settings = loadSettings(CacheSettings);
const tier = openTier(settings.CACHE_L2, loadSettings);

await runService({
  name: 'cache',
  settings,
  module: () => CacheModule.forRoot(settings, tier),
  checks: (app) => [app.get(SecondTier).check()],
});
