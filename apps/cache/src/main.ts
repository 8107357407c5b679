import { loadSettings } from '@mystocks/config';
import { runService } from '@mystocks/service';
import { RedisTier } from '@mystocks/tiered-cache';
import { CacheModule } from './cache.module.js';
import { CacheSettings } from './cache.settings.js';

await runService({
  name: 'cache',
  settings: loadSettings(CacheSettings),
  module: (settings) => CacheModule.forRoot(settings),
  checks: (app) => [{ name: 'redis', probe: () => app.get(RedisTier).probe() }],
});
